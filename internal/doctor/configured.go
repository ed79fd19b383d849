package doctor

import "fmt"

func (r *Report) config(c ConfigFacts) {
	const part = "config"
	file := Finding{Name: "file", Level: OK, Found: c.Check.File}
	switch n := len(c.Check.Mistakes); {
	case n > 0:
		file.Level, file.Means = Missing, fmt.Sprintf("%d to correct, the first: %v", n, c.Check.Mistakes[0])
		file.Mend = "nvpipe check " + c.Check.File
	case len(c.Check.Warnings) > 0:
		file.Level, file.Means = Warning, fmt.Sprintf("%d warnings, the first: %v", len(c.Check.Warnings), c.Check.Warnings[0])
		file.Mend = "nvpipe check " + c.Check.File
	}
	r.add(part, file)
	for _, p := range c.Ports {
		f := Finding{Name: p.For, Level: OK, Found: p.Address + " is free"}
		if p.Err != nil {
			f.Level, f.Found = Warning, p.Address+" cannot be had"
			f.Means = p.Err.Error()
			f.Mend = "who has it: sudo ss -lntup"
		}
		r.add(part, f)
	}
	for _, d := range c.Folders {
		r.add(part, folder(d))
	}
}

func folder(d Folder) Finding {
	f := Finding{Name: d.For, Level: OK, Found: fmt.Sprintf("%s: %s free", d.Path, size(d.Free))}
	switch {
	case d.Err != nil:
		f.Level, f.Found, f.Means = Warning, d.Path, d.Err.Error()
		f.Mend = "another folder, or one that exists on a volume that can be written"
	case d.Free <= d.Floor:
		f.Level = Warning
		f.Means = fmt.Sprintf("nothing is written: %s of the volume must stay free", size(d.Floor))
		f.Mend = "free some space, or lower rotation.min_free and min_free_percent"
	case d.Wants > d.Free-d.Floor:
		f.Level = Note
		f.Means = fmt.Sprintf("it may fill %s (rotation.max_total) and %s must stay free, so the oldest files go earlier", size(d.Wants), size(d.Floor))
	}
	return f
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nvpipe/nvpipe/internal/offline"
)

// viewing is one file to look at; copied: where its annotated copy goes.
type viewing struct{ file, copied string }

// jobs are the files, those of folders too, with the places of their copies.
func (d *detection) jobs(args []string) ([]viewing, error) {
	files, err := filesOf(args)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(d.out)
	folder := err == nil && info.IsDir()
	if d.out != "" && !folder && len(files) > 1 {
		return nil, fmt.Errorf("--out must be a folder that exists, because there are %d files, is %s", len(files), d.out)
	}
	var jobs []viewing
	from := map[string]string{} // file by the place of its copy
	for _, file := range files {
		kind, err := offline.KindOf(file)
		if err != nil && len(files) == 1 {
			return nil, err
		}
		if err != nil || d.boxes {
			jobs = append(jobs, viewing{file: file}) // a wrong one among many is reported when its turn comes
			continue
		}
		copied, err := d.place(file, kind, folder)
		if err != nil {
			return nil, err
		}
		if other, taken := from[copied]; taken {
			return nil, fmt.Errorf("%s and %s would have the same annotated copy, %s: look at them one after the other, or with --boxes-only", other, file, copied)
		}
		from[copied] = file
		jobs = append(jobs, viewing{file, copied})
	}
	return jobs, nil
}

func filesOf(args []string) (files []string, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		inside, err := offline.Files(arg)
		if err != nil {
			return nil, err
		}
		files = append(files, inside...)
	}
	return files, nil
}

// place is where a file's annotated copy goes.
func (d *detection) place(file string, kind offline.Kind, folder bool) (string, error) {
	beside := offline.CopyName(file, kind)
	switch {
	case folder:
		return filepath.Join(d.out, filepath.Base(beside)), nil
	case d.out == "":
		return beside, nil
	}
	return d.out, fitting(kind, d.out)
}

func fitting(kind offline.Kind, path string) error {
	ext := strings.ToLower(filepath.Ext(path))
	isPicture := ext == ".png" || ext == ".jpg" || ext == ".jpeg"
	switch {
	case kind == offline.Picture && !isPicture:
		return fmt.Errorf("--out must end in .jpg or .png for a picture, is %s", path)
	case kind == offline.Film && ext != ".mp4":
		return fmt.Errorf("--out must end in .mp4 for a film, is %s", path)
	}
	return nil
}

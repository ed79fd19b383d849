package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/config"
)

// What a feed that decodes takes, and what the program takes beside.
const (
	filesPerFeed = 8
	tasksPerFeed = 4
	ownFiles     = 64
	ownTasks     = 64
	// manyFeeds is how many a machine should be ready for where no config says.
	manyFeeds = 32
)

// leastMemory is below what a few feeds and a model take.
const leastMemory = 512 << 20

// Examine judges what was seen.
func Examine(f Facts) Report {
	var r Report
	r.graph(f)
	r.runtime(f.Runtime, f.Config)
	r.machine(f)
	if f.Config != nil {
		r.config(*f.Config)
	}
	r.OK = !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Missing })
	return r
}

func (r *Report) machine(f Facts) {
	const part = "machine"
	c := f.CPU
	r.add(part, Finding{Name: "CPU", Level: OK, Found: joined(c.Model, c.Arch, strings.Join(c.Features, " "))})
	if f := simd(c); f.Level != OK {
		r.add(part, f)
	}
	threads := Finding{Name: "threads", Level: OK, Found: fmt.Sprintf("%d of %d cores", c.Threads, c.Cores)}
	if c.Threads < c.Cores {
		threads.Means = "a container's limit, or GOMAXPROCS, keeps the others from being used"
		threads.Level = Note
	}
	r.add(part, threads)
	r.add(part, memory(f.Memory))
	feeds := manyFeeds
	if f.Config != nil && f.Config.Feeds > 0 {
		feeds = f.Config.Feeds
	}
	r.add(part, budget("open files", f.Limits.Files, ownFiles, filesPerFeed, feeds, "ulimit -n %d (systemd: LimitNOFILE=%[1]d)"))
	r.add(part, budget("tasks", f.Limits.Tasks, ownTasks, tasksPerFeed, feeds, "ulimit -u %d (systemd: TasksMax=%[1]d; Docker: --pids-limit %[1]d)"))
	r.add(part, clock(f.Clock))
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// simd: without wide vector instructions models run several times slower.
func simd(c CPU) Finding {
	if c.Arch == "amd64" && len(c.Features) > 0 && !slices.Contains(c.Features, "avx2") {
		return Finding{Name: "vector units", Level: Warning, Found: "no AVX2",
			Means: "models run several times slower than on other processors", Mend: "in a virtual machine: pass the host's CPU through (QEMU: -cpu host)"}
	}
	return Finding{Level: OK}
}

func memory(m Memory) Finding {
	f := Finding{Name: "memory", Level: OK, Found: fmt.Sprintf("%s available of %s", size(m.Available), size(m.Total))}
	have := m.Available
	if m.Limit > 0 && m.Limit < m.Total {
		f.Found += fmt.Sprintf(", the container may have %s", size(m.Limit))
		have = min(have, m.Limit)
	}
	switch {
	case m.Total == 0:
		return Finding{Name: "memory", Level: Note, Found: "not known"}
	case have < leastMemory:
		f.Level, f.Means = Warning, fmt.Sprintf("less than %s: a few cameras with a model may not fit", size(leastMemory))
		f.Mend = "end other programs, or give the container more"
	}
	return f
}

// budget says how many feeds a limit is good for.
func budget(name string, limit, own, perFeed uint64, feeds int, mend string) Finding {
	if limit == 0 {
		return Finding{Name: name, Level: OK, Found: "no limit"}
	}
	can := uint64(0)
	if limit > own {
		can = (limit - own) / perFeed
	}
	f := Finding{Name: name, Level: OK, Found: fmt.Sprintf("%d, enough for %d feeds (about %d each)", limit, min(can, config.MaxFeeds), perFeed)}
	if can < uint64(feeds) {
		f.Level = Warning
		f.Means = fmt.Sprintf("%d feeds would need %d: those beyond cannot connect", feeds, own+perFeed*uint64(feeds))
		f.Mend = fmt.Sprintf(mend, own+perFeed*uint64(feeds))
	}
	return f
}

func clock(c Clock) Finding {
	switch {
	case !c.Known:
		return Finding{Name: "clock", Level: Note, Found: "whether it is synchronised is not known"}
	case !c.Synchronised:
		return Finding{Name: "clock", Level: Warning, Found: "not synchronised",
			Means: "times in events and films drift away from the cameras'", Mend: "sudo timedatectl set-ntp true"}
	}
	return Finding{Name: "clock", Level: OK, Found: "synchronised"}
}

// size is a number of bytes as people read it.
func size(bytes uint64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
}

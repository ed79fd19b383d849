package doctor

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// wanted are the CPU's features that inference gains from, by their names in
// /proc/cpuinfo.
var wanted = []string{
	"avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", // x86
	"asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", // ARM
}

func cpuInfo(root fs.FS) (model string, features []string) {
	text, err := fs.ReadFile(root, "proc/cpuinfo")
	if err != nil {
		return "", nil
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "model name", "Model":
			model = value
		case "flags", "Features":
			have := strings.Fields(value)
			features = slices.DeleteFunc(slices.Clone(wanted), func(f string) bool { return !slices.Contains(have, f) })
		}
	}
	return model, features
}

func memoryOf(root fs.FS) (m Memory) {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, err := strconv.ParseUint(fields[1], 10, 64)
		if err != nil {
			continue
		}
		switch fields[0] {
		case "MemTotal:":
			m.Total = kib << 10
		case "MemAvailable:":
			m.Available = kib << 10
		}
	}
	m.Limit = least(cgroupLimit(root, "memory.max"), number(root, "sys/fs/cgroup/memory/memory.limit_in_bytes"))
	return m
}

// cgroupLimit is the least value of a file in the process's control group and
// those above it (version 2); 0: none.
func cgroupLimit(root fs.FS, file string) (limit uint64) {
	const mount = "sys/fs/cgroup"
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !ok {
			continue
		}
		// Inside a container the path may be the host's, of which only the
		// container's own group is to be seen, at the mount.
		for dir := path.Join(mount, path.Clean("/"+group)); strings.HasPrefix(dir, mount); dir = path.Dir(dir) {
			limit = least(limit, number(root, path.Join(dir, file)))
		}
	}
	return limit
}

// number is what a file with one number says; 0 for "max", and for none.
func number(root fs.FS, file string) uint64 {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

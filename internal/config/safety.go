package config

import "os"

// guardSecrets refuses a file that others may read and that has a password in
// it. Passwords from the environment or from files are not in it.
func (l *loader) guardSecrets() {
	literals := l.doc.Literals()
	if len(literals) == 0 {
		return
	}
	info, err := os.Stat(l.cfg.File)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return
	}
	l.doc.Add(literals[0].With("refused for safety: a password stands here, and other users may read this file (mode %04o); run chmod 600 %s, or write ${NAME} or password_file instead",
		info.Mode().Perm(), l.cfg.File))
}

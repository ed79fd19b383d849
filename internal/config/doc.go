// Package config reads a pipeline config file. The parts own their Config
// types, defaults and validation; this package composes them, adds what lies
// between them (names, inheritance, what two feeds may not share) and reports
// every mistake at once with file, line and column. docs/configuration.md is
// the page for the people who write such files.
//
// [Load] is what starting needs: it reads the file and the password files it
// names, nothing else. [Check] also looks at the files, models and folders that
// the config names, for `nvpipe check`. Which types of processors exist is
// passed in as a [Registry]; package builtin has the program's own.
//
// A loaded [Config] never changes. Printing one, or a [Feed], with any verb
// shows no address path, user or password.
package config

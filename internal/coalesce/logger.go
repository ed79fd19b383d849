package coalesce

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Logger is a zap logger whose repeats become at most one line a second with
// their number in the field "count". Lines are repeats of each other when they
// have the same level and key; a line's message and fields are those of the
// newest.
//
// Fields are kept until the line is written, so they must not point at
// anything that changes.
type Logger struct {
	lines *Coalescer[lineKey, line]
}

type lineKey struct {
	level zapcore.Level
	key   string
}

type line struct {
	message string
	fields  []zap.Field
}

// NewLogger returns a Logger that writes to l, which carries what the lines
// have in common, such as the feed.
func NewLogger(l *zap.Logger, o Options) *Logger {
	l = l.WithOptions(zap.WithCaller(false))
	return &Logger{lines: New(o, func(r Report[lineKey, line]) {
		fields := r.Latest.fields
		if r.Count > 1 {
			fields = append(fields[:len(fields):len(fields)], zap.Uint64("count", r.Count))
		}
		if r.Overflow {
			fields = append(fields[:len(fields):len(fields)], zap.Bool("several", true))
		}
		l.Log(r.Key.level, r.Latest.message, fields...)
	})}
}

// Log writes or counts one line.
func (l *Logger) Log(level zapcore.Level, key, message string, fields ...zap.Field) {
	l.lines.Add(lineKey{level, key}, line{message, fields})
}

// Info is Log at info level.
func (l *Logger) Info(key, message string, fields ...zap.Field) {
	l.Log(zapcore.InfoLevel, key, message, fields...)
}

// Warn is Log at warn level.
func (l *Logger) Warn(key, message string, fields ...zap.Field) {
	l.Log(zapcore.WarnLevel, key, message, fields...)
}

// Error is Log at error level.
func (l *Logger) Error(key, message string, fields ...zap.Field) {
	l.Log(zapcore.ErrorLevel, key, message, fields...)
}

// Recover writes what is pending under key at every level and makes its next
// line news again.
func (l *Logger) Recover(key string) {
	for level := zapcore.DebugLevel; level <= zapcore.ErrorLevel; level++ {
		l.lines.Recover(lineKey{level, key})
	}
}

// Close writes everything pending. The zap logger is the caller's to sync.
func (l *Logger) Close() { l.lines.Close() }

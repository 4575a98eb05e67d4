package main

import (
	"io"
	"log/slog"
)

// newLog makes the program's log. What is logged never holds a password: see server.authenticate.
func newLog(w io.Writer, c LogConfig) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(c.Level)) // checked by validate
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

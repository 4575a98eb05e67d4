package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
)

// importView is the form, and how the import goes or went.
type importView struct {
	Now       time.Time
	Calendars []Calendar    // that take what is imported
	Report    *ImportReport // nil: there was none
	MaxMB     int
}

// skipReasons says why something was skipped, by reason.
var skipReasons = map[string]english{
	"elsewhere": "It is in the calendar “%s” already, and stays there.",
	"meeting":   "It is a meeting that others take part in. Change it in your calendar program.",
	"newer":     "There is a later version of it.",
	"component": "The calendar does not take this kind (%s).",
	"too-large": "It is beyond a limit of this server (%s).",
	"invalid":   "It is not right: %s",
}

// Words is why it was skipped.
func (o SkippedObject) Words() phrase {
	words := skipReasons[o.Reason]
	if strings.Contains(string(words), "%s") {
		return say(words, o.Detail)
	}
	return say(words)
}

// What an import may be, and how many go on at a time: a file is in memory as a whole.
const (
	maxImport       = 16 << 20
	importsAtATime  = 2
	importPatience  = time.Second // how long the answer waits for the end
	importRefreshes = "2"         // seconds between two looks at one that goes on
)

// imported is the page of the last import.
func (s *site) imported(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	view := importView{Now: s.o.Now(), MaxMB: maxImport >> 20}
	if view.Report, err = d.LastImport(r.Context()); err != nil {
		return err
	}
	all, err := d.Calendars(r.Context())
	if err != nil {
		return deskProblem(err)
	}
	for _, c := range all {
		if c.Component != "" {
			view.Calendars = append(view.Calendars, c)
		}
	}
	if view.Report != nil && !view.Report.Finished {
		w.Header().Set("Refresh", importRefreshes)
	}
	return s.render(w, r, http.StatusOK, "import", "Import", view)
}

// importFile begins an import. One that takes long goes on after the answer.
func (s *site) importFile(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	select {
	case s.imports <- struct{}{}:
	default:
		return &problem{Status: http.StatusServiceUnavailable, Title: "Too many are importing", Reason: "busy", RetryAfter: 10 * time.Second,
			Detail: "The server reads the files of others. Wait a moment and try again."}
	}
	release := func() { <-s.imports }
	f, err := readImportForm(w, r)
	if err != nil {
		release()
		return err
	}
	done := make(chan error, 1)
	ctx := context.WithoutCancel(r.Context())
	go func() {
		defer release()
		err := d.Import(ctx, f)
		var known explained
		if err != nil && !errors.As(err, &known) {
			s.o.Log.ErrorContext(ctx, "an import failed", s.about(r, slog.Any("err", err))...)
		}
		done <- err
	}()
	patience := time.NewTimer(importPatience)
	defer patience.Stop()
	select {
	case err = <-done:
	case <-patience.C:
	}
	var known explained
	if errors.As(err, &known) && known.StatusCode() == http.StatusBadRequest {
		return noCalendarFile(known.Explanation())
	}
	if err != nil {
		return deskProblem(err)
	}
	return redirect(w, importPath)
}

func noCalendarFile(why string) *problem {
	return &problem{Status: http.StatusBadRequest, Title: "This is no calendar file", Reason: "no-calendar",
		Detail: "Export the calendar as an .ics file (iCalendar) and choose that. What the server says of this one: %s", Args: []any{why}}
}

// readImportForm reads the file, and where it is to go.
func readImportForm(w http.ResponseWriter, r *http.Request) (ImportFile, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxImport+maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return ImportFile{}, formProblem
	}
	f := ImportFile{Color: appleColor(palette[0])}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = f.read(part)
		}
		if err != nil {
			return f, importFormProblem(err)
		}
	}
	if f.File == "" || len(f.Data) == 0 {
		return f, noCalendarFile("it is empty.")
	}
	return f, nil
}

// read reads one part of the form.
func (f *ImportFile) read(part *multipart.Part) (err error) {
	switch part.FormName() {
	case "calendar":
		name, err := io.ReadAll(io.LimitReader(part, maxForm))
		f.Calendar = string(name)
		return err
	case "file":
		f.File = titleTyped(path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")))
		f.Title = strings.TrimSuffix(f.File, path.Ext(f.File))
		f.Data, err = io.ReadAll(part)
	}
	return err
}

// importFormProblem says in words that a file is too large or was cut off.
func importFormProblem(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &problem{Status: http.StatusRequestEntityTooLarge, Title: "The file is too large", Reason: "too-large",
			Detail: "A file may have %d MB. Export one calendar at a time, or fewer years.", Args: []any{maxImport >> 20}}
	}
	return formProblem
}

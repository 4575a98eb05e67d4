package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"calport/directory"
	"calport/server/imip"
	"calport/server/store"
)

// gauges are read when they are asked for; to add one, add a row.
var gauges = []struct {
	name, help string
	value      func(*house) float64
}{
	{"calport_people", "People in the snapshot of the directory.", func(h *house) float64 { return float64(h.people.Snapshot().Count(directory.Individual)) }},
	{"calport_directory_age_seconds", "Age of the snapshot of the directory.", func(h *house) float64 { return h.now().Sub(h.people.Snapshot().Taken()).Seconds() }},
	{"calport_directory_ok", "1 if the last reading of the directory was applied, else 0.", func(h *house) float64 {
		if h.people.Health().OK() {
			return 1
		}
		return 0
	}},
	{"calport_store_bytes", "Size of the database.", func(h *house) float64 { return float64(h.storeStatus().Bytes) }},
	{"calport_letters_waiting", "Letters with one-time links that have not gone out yet.", func(h *house) float64 { return float64(h.storeStatus().LettersWaiting) }},
	{"calport_disk_free_bytes", "What is free where the data folder is.", func(h *house) float64 {
		free, _, _ := diskSpace(h.config.Data) // 0 where it is not told
		return float64(free)
	}},
	{"calport_signer_expiry_seconds", "Time until the signing certificate expires.", func(h *house) float64 { return h.signer.Load().NotAfter().Sub(h.now()).Seconds() }},
	{"calport_mail_waiting", "Invitations by mail that wait to be sent.", mailGauge(func(m imip.Health) float64 { return float64(m.Waiting) })},
	{"calport_mail_oldest_seconds", "For how long the oldest of them waits.", mailGauge(func(m imip.Health) float64 {
		if m.OldestSince.IsZero() {
			return 0
		}
		return time.Since(m.OldestSince).Seconds()
	})},
	{"calport_mail_sent", "Invitations by mail that were sent since the start.", mailGauge(func(m imip.Health) float64 { return float64(m.Sent) })},
	{"calport_mail_given_up", "Invitations by mail that were given up since the start.", mailGauge(func(m imip.Health) float64 { return float64(m.GivenUp) })},
	{"calport_mail_read", "Mails from the mailbox of answers that were acted upon since the start.", mailGauge(func(m imip.Health) float64 { return float64(m.Read) })},
	{"calport_mail_set_aside", "Mails from the mailbox of answers that need a look, since the start.", mailGauge(func(m imip.Health) float64 { return float64(m.Aside) })},
	{"calport_mailbox_ok", "1 if the mailbox of answers can be read, or there is none, else 0.", mailGauge(func(m imip.Health) float64 {
		if m.MailboxProblem == "" {
			return 1
		}
		return 0
	})},
}

// metrics serves /metrics on its own listener; observe counts the requests of the others.
func (h *house) metrics() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{}))
	return mux
}

// openMetrics makes the registry and what counts requests.
func (h *house) openMetrics() {
	h.registry = prometheus.NewRegistry()
	h.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range gauges {
		h.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help}, func() float64 { return g.value(h) }))
	}
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "calport_request_seconds", Help: "Requests by operation and status.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"operation", "status"})
	h.registry.MustRegister(requests)
	h.observe = func(operation string, status int, took time.Duration) {
		requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// storeStatus is how the database stands; all zeros when it does not answer.
func (h *house) storeStatus() store.Status {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	status, err := h.store.Status(ctx)
	if err != nil {
		h.log.Warn("the database does not tell how it stands", "err", err)
	}
	return status
}

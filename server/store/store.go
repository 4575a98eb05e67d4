// Package store is everything that calport remembers.
package store

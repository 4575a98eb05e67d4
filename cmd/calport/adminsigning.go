package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"calport/server/store"
	"calport/signing"
	"calport/web"
)

// An identity that an administrator has handed in is kept in the vault, for all nodes, or in the data folder, readable
// by its owner only. Where signing.source is "own" it signs in place of our own authority.
const (
	uploadedVault  = "signer/identity.key"
	uploadedFolder = "signer"
	uploadedFile   = "identity.key"
)

func (h *house) uploadedDir() signing.Directory {
	return signing.Directory(filepath.Join(h.config.Data, uploadedFolder))
}

// uploadedSigner is the identity that was handed in; nil if there is none. One that cannot be used any more must not
// keep the server from starting.
func (h *house) uploadedSigner() *signing.Identity {
	var text []byte
	var err error
	if h.vault != nil {
		text, err = h.vault.get(context.Background(), uploadedVault)
	} else {
		text, err = h.uploadedDir().Read(uploadedFile)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var id *signing.Identity
	if err == nil {
		id, err = signing.ParsePEM(h.now(), signing.File{Name: "the signer that was handed in", Data: text})
	}
	if err != nil {
		h.log.Error("our own authority signs, since the signer that an administrator has handed in cannot be used", "err", err)
		return nil
	}
	return id
}

// signer joins the page about signing to the house.
type signer struct{ house *house }

func (s signer) Signer() *signing.Identity { return s.house.signer.Load() }

func (s signer) Source(context.Context) (web.SignerSource, error) {
	switch {
	case s.house.config.Signing.Source != "own":
		return web.FileSigner, nil
	case s.Signer().Fingerprint() == s.house.authority.Signer().Fingerprint():
		return web.OwnSigner, nil
	}
	return web.UploadedSigner, nil
}

func (s signer) Root() []byte {
	if s.house.authority == nil {
		return nil
	}
	return s.house.authority.RootPEM()
}

// Counts reads the line before each signed profile, see shelved.
func (s signer) Counts(ctx context.Context) (map[string]int64, error) {
	const digits = 64
	return s.house.store.CountValues(ctx, shelfBucket, digits+1, digits)
}

// mayChange refuses where a change here would be lost at the next start, or hold on one node only.
func (s signer) mayChange() error {
	if s.house.config.Signing.Source != "own" || s.house.config.Database != "" && s.house.vault == nil {
		return web.ErrNoUploads
	}
	return nil
}

func (s signer) Use(ctx context.Context, id *signing.Identity, d web.Deed) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	text, err := id.PEM()
	if err != nil {
		return err
	}
	return s.change(ctx, d, func() error {
		if s.house.vault != nil {
			return s.house.vault.put(ctx, uploadedVault, text)
		}
		dir := s.house.uploadedDir()
		if err := os.MkdirAll(string(dir), 0o700); err != nil {
			return err
		}
		return dir.Write(uploadedFile, text)
	})
}

func (s signer) UseOwn(ctx context.Context, d web.Deed) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	return s.change(ctx, d, func() error {
		if s.house.vault != nil {
			return s.house.vault.remove(ctx, uploadedVault)
		}
		err := os.Remove(s.house.uploadedDir().Name(uploadedFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func (s signer) Renew(ctx context.Context, d web.Deed) error {
	if s.house.config.Signing.Source != "own" {
		return web.ErrNoUploads
	}
	return s.change(ctx, d, func() error {
		_, err := s.house.authority.RenewSigner(s.house.now())
		return err
	})
}

// change does something to what is kept, takes it into use and writes the deed down.
func (s signer) change(ctx context.Context, d web.Deed, do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return errors.Join(s.house.openSigner(), audit{s.house.store}.Note(ctx, d))
}

// signerEvery is how often a node looks whether another one has changed the signer.
const signerEvery = time.Minute

// watchSigner takes over what another node has changed.
func (h *house) watchSigner(ctx context.Context) {
	if h.vault == nil {
		return
	}
	tick := time.NewTicker(signerEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.keepSigner(); err != nil {
				h.log.Error("whether another node has changed the signer cannot be told", "err", err)
			}
		}
	}
}

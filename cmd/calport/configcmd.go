package main

import (
	"context"
	"fmt"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
)

// setupConfig prints the example, generated from the struct, or checks a file.
func setupConfig(p *program, c *cobra.Command) func(context.Context, []string) error {
	check := c.Flags().String("check", "", "check this `file` and name every mistake")
	return func(context.Context, []string) error {
		if *check != "" {
			if _, err := checkConfig(*check); err != nil {
				return &exitError{exitUsage, err}
			}
			fmt.Fprintf(p.out, "%s is in order.\n", *check)
			return nil
		}
		text, err := writeConfig(exampleConfig())
		if err != nil {
			return err
		}
		_, err = p.out.Write(text)
		return err
	}
}

// writeConfig writes a configuration with the comments of the struct.
func writeConfig(c Config) ([]byte, error) { return toml.Marshal(c) }

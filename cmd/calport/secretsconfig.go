package main

// SecretsConfig is where calport's own keys are kept.
type SecretsConfig struct {
	KeyFile string `toml:"key_file" comment:"Several nodes on one PostgreSQL: the file with the key under which calport's own keys (authority, signer, TLS) are kept in the database, the same on every node; calport keys create makes one. Empty: they are files in the data folder."`
}

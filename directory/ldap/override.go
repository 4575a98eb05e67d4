package ldap

import "fmt"

// AttributeOptions lists the names by which [Attributes.Set] knows the fields.
func AttributeOptions() []string {
	var names []string
	for _, field := range attributeFields {
		names = append(names, field.name)
	}
	return names
}

// Set overrides the field of an option name, such as short_name, by sources in order of preference.
func (a *Attributes) Set(option string, sources []string) error {
	for _, field := range attributeFields {
		if field.name == option {
			*field.get(a) = sources
			return nil
		}
	}
	return fmt.Errorf("attributes.%s: there is no such option; there are %q", option, AttributeOptions())
}

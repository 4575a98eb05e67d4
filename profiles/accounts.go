package profiles

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// caldavAccount fills in the account. Port and SSL are always written: old devices assume other defaults than the schema.
func caldavAccount(f *filling) ([]payload, error) {
	s := f.settings
	account := Dict{
		"PayloadType":    typeCalDAV,
		"CalDAVHostName": f.vars.host(s),
		"CalDAVPort":     int64(*s.Port),
		"CalDAVUseSSL":   *s.SSL,
	}
	if err := f.text(account, "CalDAVAccountDescription", "account_description", s.AccountDescription, nil); err != nil {
		return nil, err
	}
	account["PayloadDisplayName"] = account["CalDAVAccountDescription"]
	var err error
	if f.user, err = f.vars.userName(*s.UserName); err != nil {
		return nil, err
	}
	account["CalDAVUsername"] = f.user
	if f.password != "" {
		account["CalDAVPassword"] = f.password
	}
	if *s.PrincipalURL {
		account["CalDAVPrincipalURL"] = f.principalURL()
	}
	return []payload{{"caldav", account}}, nil
}

// principalURL is where the server has the person's principal, in the URL layout of Apple's server.
func (f *filling) principalURL() string {
	scheme := "http"
	if *f.settings.SSL {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(f.vars.host(f.settings), strconv.Itoa(*f.settings.Port)) + "/principals/__uids__/" + f.vars.person.GUID + "/"
}

// furtherAccounts fills in calendar accounts on whatever server. The app password is for ours alone and stays out.
func furtherAccounts(f *filling) (list []payload, err error) {
	all := f.settings.Accounts
	taken := map[[2]string]string{{strings.ToLower(f.vars.host(f.settings)), f.user}: "user_name"}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		a := all[id]
		if a.Off {
			continue
		}
		setting := "account." + id
		keys := Dict{"PayloadType": typeCalDAV, "CalDAVHostName": a.Host, "CalDAVPort": int64(a.port()), "CalDAVUseSSL": a.secure(), "CalDAVUsername": f.user}
		if a.UserName != "" {
			if keys["CalDAVUsername"], err = f.vars.expand(setting, a.UserName, userName); err != nil {
				return nil, err
			}
		}
		who := [2]string{strings.ToLower(a.Host), keys["CalDAVUsername"].(string)}
		if other := taken[who]; other != "" { // devices add only the first of two equal ones
			return nil, &ValueError{setting, who[1], Say("it is the same server and user name as %s; give it another user name or leave it out", other)}
		}
		taken[who] = setting
		if err := f.name(keys, "CalDAVAccountDescription", setting, a.Description); err != nil {
			return nil, err
		}
		list = append(list, payload{"caldav-" + id, keys})
	}
	return list, nil
}

// name fills in what an account is called, if it is called anything.
func (f *filling) name(keys Dict, key, setting, template string) error {
	if template == "" {
		return nil
	}
	err := f.text(keys, key, setting, &template, nil)
	keys["PayloadDisplayName"] = keys[key]
	return err
}

// contactsAccount fills in the account for the address book of the same server.
func contactsAccount(f *filling) ([]payload, error) {
	s := f.settings
	if !*s.Contacts {
		return nil, nil
	}
	account := Dict{
		"PayloadType":     typeCardDAV,
		"CardDAVHostName": f.vars.host(s),
		"CardDAVPort":     int64(*s.Port),
		"CardDAVUseSSL":   *s.SSL,
		"CardDAVUsername": f.user,
	}
	if f.password != "" {
		account["CardDAVPassword"] = f.password
	}
	err := f.name(account, "CardDAVAccountDescription", "contacts_description", *s.ContactsDescription)
	return []payload{{"carddav", account}}, err
}

// subscribedCalendars fills in calendars that are read from an address. Only iPhone and iPad know the payload, so a
// profile for any device has none.
func subscribedCalendars(f *filling) (list []payload, err error) {
	if f.platform != IOS {
		return nil, nil
	}
	for _, id := range slices.Sorted(maps.Keys(f.settings.Subscriptions)) {
		s := f.settings.Subscriptions[id]
		if s.Off {
			continue
		}
		setting := "subscription." + id
		keys := Dict{"PayloadType": typeSubscription, "SubCalAccountHostName": s.URL, "SubCalAccountUseSSL": isHTTPS(s.URL)}
		if s.UserName != "" {
			if keys["SubCalAccountUsername"], err = f.vars.expand(setting, s.UserName, userName); err != nil {
				return nil, err
			}
		}
		if err := f.name(keys, "SubCalAccountDescription", setting, s.Description); err != nil {
			return nil, err
		}
		list = append(list, payload{"subscription-" + id, keys})
	}
	return list, nil
}

// isHTTPS reads the scheme of an address that checkAddress has passed.
func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https"
}

// rootsInside fills in the roots of the Trust profile, where they are wanted here too.
func rootsInside(f *filling) (list []payload, err error) {
	if !*f.settings.Roots {
		return nil, nil
	}
	for _, root := range f.roots {
		list = append(list, payload{"root-" + fingerprint(root.Raw)[:16], rootPayload(root)})
	}
	return list, nil
}

// removalPassword fills in the password without which some devices do not remove the profile.
func removalPassword(f *filling) ([]payload, error) {
	if f.settings.RemovalPassword == nil {
		return nil, nil
	}
	return []payload{{"removal", Dict{"PayloadType": typeRemoval, "PayloadDisplayName": "Password for removal", "RemovalPassword": *f.settings.RemovalPassword}}}, nil
}

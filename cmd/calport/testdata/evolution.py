"""Sets up an account as Evolution's assistant does, from nothing but a mail address and a password.

  evolution.py ADDRESS PASSWORD

First Evolution's own look-up (EConfigLookup with the workers of its config-lookup module, SRV and TXT of RFC 6764
among them) offers a server, then the data server's discovery (e_webdav_discover_sources_sync) follows it. Prints
"server URL", "user NAME", "address MAIL" and "calendar HREF SUPPORTS NAME" lines; ends with 1 where nothing is offered.
Libevolution has no introspection data, hence ctypes for the first half. Needs a D-Bus session of its own.
"""
import ctypes
import sys

import gi

gi.require_version("EDataServer", "1.2")
from gi.repository import EDataServer, GLib

address, password = sys.argv[1:]
evolution = "/usr/lib/evolution/"
library = ctypes.CDLL(evolution + "libevolution-util.so.0", mode=ctypes.RTLD_GLOBAL)


def function(name, result, *arguments):
    f = getattr(library, name)
    f.restype, f.argtypes = result, arguments
    return f


pointer, text = ctypes.c_void_p, ctypes.c_char_p
if not function("e_module_load_file", pointer, text)((evolution + "modules/module-config-lookup.so").encode()):
    sys.exit("Evolution's config-lookup module cannot be loaded")
registry = function("e_source_registry_new_sync", pointer, pointer, pointer)(None, None)
if not registry:
    sys.exit("the source registry does not start")
lookup = function("e_config_lookup_new", pointer, pointer)(registry)
parameters = function("e_named_parameters_new", pointer)()
put = function("e_named_parameters_set", None, pointer, text, text)
put(parameters, b"email-address", address.encode())
put(parameters, b"password", password.encode())

loop = GLib.MainLoop()
finished = ctypes.CFUNCTYPE(None, pointer, pointer, pointer)(lambda *_: loop.quit())
function("e_config_lookup_run", None, pointer, pointer, pointer, type(finished), pointer)(lookup, parameters, None, finished, None)
loop.run()


class Link(ctypes.Structure):  # GSList
    pass


Link._fields_ = [("data", pointer), ("next", ctypes.POINTER(Link))]
offers = function("e_config_lookup_dup_results", ctypes.POINTER(Link), pointer, ctypes.c_int, text)(lookup, 0, b"caldav")
if not offers:
    sys.exit("Evolution finds no CalDAV server for " + address)
offer = offers.contents.data  # the best comes first
account = function("e_source_new", pointer, pointer, pointer, pointer)(None, None, None)
function("e_config_lookup_result_configure_source", ctypes.c_int, pointer, pointer, pointer)(offer, lookup, account)
collection = function("e_source_get_extension", pointer, pointer, text)(account, b"Collection")
url = function("e_source_collection_get_calendar_url", text, pointer)(collection).decode()
user = function("e_source_collection_get_identity", text, pointer)(collection).decode()
print("server", url)
print("user", user)

source = EDataServer.Source.new(None, None)
source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION).set_user(user)
credentials = EDataServer.NamedParameters.new()
credentials.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, password)
found, _, _, calendars, addresses = EDataServer.webdav_discover_sources_sync(
    source, url, EDataServer.WebDAVDiscoverSupports.NONE, credentials, None
)
if not found:
    sys.exit("discovery finds nothing at " + url)
for mail in addresses:
    print("address", mail)
for calendar in calendars:
    print("calendar", calendar.href, int(calendar.supports), calendar.display_name)

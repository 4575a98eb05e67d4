"""Reads a mail from standard input as a stranger does, by Python's email package, and prints what is in it as JSON."""
import email, email.policy, json, sys

m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)

def part(p):
    if p.is_multipart():
        return {"type": p.get_content_type(), "parts": [part(q) for q in p.iter_parts()]}
    content = p.get_payload(decode=True)
    return {
        "type": p.get_content_type(), "method": p.get_param("method") or "", "charset": p.get_content_charset() or "",
        "file": p.get_filename() or "", "text": content.decode("utf-8"),
    }

print(json.dumps({
    "header": {k: str(v) for k, v in m.items()},
    "from": [[a.display_name, a.addr_spec] for a in m["From"].addresses],
    "to": [[a.display_name, a.addr_spec] for a in m["To"].addresses],
    "reply_to": [[a.display_name, a.addr_spec] for a in m["Reply-To"].addresses] if m["Reply-To"] else [],
    "defects": [str(d) for p in m.walk() for d in p.defects],
    "body": part(m),
}))

#!/usr/bin/python3
"""A device registry for tests: EST over TLS with Python's ssl and the openssl program, as strict as a real one, and hostile on demand.

registry.py PORT FOLDER ALLIANCE FIRM

FOLDER/orders.json is read at each request:
  code, days, life_seconds, used_codes           what is issued, and for which code; life_seconds: of a link certificate alone
  approve                                        false: 202 for every enrolment
  status, words, retry_after                     answer this to enrolments; seal_status: to those of the seal alone
  wrong                                          key, name, usage, issuer, two, empty, bare, text, rsa, expired: what is wrong with the certificate
  wrong_label                                    link or seal: of which alone
  issuing                                        the firm's issuing key, if it is not the first
  revoked                                        the lists that there are: link, or a firm's name (with .2 and on), with serial numbers in hex
  revoke_issued                                  what it issues from now on is on a list at once
  cut                                            so many bytes of the answer to an enrolment, then the connection is reset
  delay, huge, endless                           seconds before an answer; a length of 1 GB; bytes without end
  server                                         the server's certificate: other-name, other-ca, expired, future, long, client, common-name
  strange_clients                                the TLS layer takes no client certificate of ours
  lose                                           the answer to the next enrolment with this label is lost after the certificate was issued
FOLDER/requests.log has a line a request: method, path, user, status, hash of the public key.
"""
import base64, datetime, hashlib, json, os, socket, ssl, struct, subprocess, sys, tempfile, threading, time

port, folder, alliance, firm = int(sys.argv[1]), *sys.argv[2:5]
issued, lock = {}, threading.RLock()
taken_back = {"link": [], firm: []}
NO_CHECK_TIME = 0x200000
GRACE = 30 * 86400


class Refusal(Exception):
    def __init__(self, status, words):
        self.status, self.words = status, words


def orders():
    with open(f"{folder}/orders.json") as file:
        return json.load(file)


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True)
    if done.returncode:
        raise Refusal(400, f"openssl {words[0]} says no")
    return done.stdout


def judged(request, device):
    """The subject's URI, and the hash of the public key, of a request that is sound and for this device."""
    openssl("req", "-inform", "DER", "-verify", "-noout", data=request)
    text = openssl("req", "-inform", "DER", "-noout", "-text", "-nameopt", "sep_multiline,utf8,lname", data=request).decode()
    if "NIST CURVE: P-256" not in text or "ecdsa-with-SHA256" not in text:
        raise Refusal(400, "the request has another key than P-256 or another hash than SHA-256")
    subject = openssl("req", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253", data=request).decode().strip()
    if subject != f"subject=CN={device},O={firm}":
        raise Refusal(403, f"the request is for {subject}")
    uri = f"URI:hs:{alliance_name()}/{device}"
    if "Subject Alternative Name" in text and uri not in text:
        raise Refusal(403, "the request has another URI")
    return uri, hashlib.sha256(openssl("req", "-inform", "DER", "-noout", "-pubkey", data=request)).hexdigest()


def alliance_name():
    with open(f"{alliance}/draft.json") as file:
        return json.load(file)["alliance"]


def sign(label, request, device, uri, order):
    wrong = order.get("wrong", "")
    authority = f"{alliance}/link-ca" if label == "link" else f"{alliance}/firms/{firm}/{order.get('issuing', 'issuing')}"
    if wrong == "issuer":
        server_identity("other-ca")
        authority = f"{folder}/other-ca"
    usage = "clientAuth" if (label == "link") != (wrong == "usage") else "1.3.6.1.5.5.7.3.36"
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/extensions", "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                       f"extendedKeyUsage={usage}\nsubjectAltName={uri}{'9' if wrong == 'name' else ''}\n")
        with open(f"{place}/request", "wb") as file:
            file.write(request)
        if wrong in ("key", "rsa"):
            kind = ["rsa:2048"] if wrong == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
            openssl("req", "-new", "-nodes", "-newkey", *kind, "-keyout", f"{place}/other.key", "-subj", f"/O={firm}/CN={device}",
                    "-outform", "DER", "-out", f"{place}/request")
        begin = datetime.datetime.fromtimestamp(time.time() - order.get("age_seconds", 60), datetime.timezone.utc)
        end = begin + datetime.timedelta(seconds=label == "link" and order.get("life_seconds") or order.get("days", 90) * 86400)
        if wrong == "expired":
            begin, end = begin - datetime.timedelta(days=9), begin - datetime.timedelta(days=1)
        configuration(place)
        form = "%Y%m%d%H%M%SZ"
        return openssl("ca", "-batch", "-notext", "-config", f"{place}/ca.conf", "-cert", f"{authority}.crt", "-keyfile", f"{authority}.key",
                       "-in", f"{place}/request", "-inform", "DER", "-extfile", f"{place}/extensions", "-preserveDN",
                       "-startdate", begin.strftime(form), "-enddate", end.strftime(form))


def certs_only(certificates):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(certificates))
        file.flush()
        return openssl("crl2pkcs7", "-nocrl", "-certfile", file.name, "-outform", "DER")


def enrol(label, operation, fields, body, peer, order):
    """Answers with the certificate of a request, or refuses; names device and key for the log."""
    if operation == "simpleenroll":
        if not fields.get("authorization", "").startswith("Basic "):
            raise Refusal(401, "no credentials")
        device, _, code = base64.b64decode(fields["authorization"][6:]).decode().partition(":")
        if code.replace("-", "").upper() != order["code"].replace("-", "").upper():
            raise Refusal(401, "unknown device or code")
    else:
        if peer is None:
            raise Refusal(403, "no client certificate")
        subject = {key: value for part in peer["subject"] for key, value in part}
        device = subject["commonName"]
        if time.time() > ssl.cert_time_to_seconds(peer["notAfter"]) + GRACE:
            raise Refusal(403, "the certificate ended more than 30 days ago")
    status = order.get("status") or label == "seal" and order.get("seal_status")
    if status:
        raise Refusal(status, order.get("words", "because"))
    if order.get("wrong_label", label) != label:
        order = {name: value for name, value in order.items() if name != "wrong"}
    if not order.get("approve", True):
        raise Refusal(202, "waiting for approval")
    request = base64.b64decode(body, validate=False)
    uri, key = judged(request, device)
    with lock:
        place = (label, operation, order["code"] if operation == "simpleenroll" else device)
        known = issued.setdefault(place, {})
        if operation == "simpleenroll" and known and key not in known and not order.get("wrong"):
            raise Refusal(403, "the code is used up")
        if key not in known or order.get("wrong"):
            known[key] = sign(label, request, device, uri, order)
        certificate = known[key]
        if order.get("revoke_issued"):
            serial = openssl("x509", "-noout", "-serial", data=certificate).decode().strip().removeprefix("serial=")
            taken_back["link" if label == "link" else firm].append(serial)
        if order.get("wrong"):
            known.pop(key)
    wrong = order.get("wrong", "")
    if wrong == "text":
        return device, key, b"certificate"
    if wrong == "bare":
        return device, key, base64.encodebytes(openssl("x509", "-outform", "DER", data=certificate))
    message = certs_only([certificate] * (2 if wrong == "two" else 1))
    if wrong == "empty":
        message = bytes.fromhex("302506092a864886f70d010702a01830160201013100300b06092a864886f70d010701a0003100")
    return device, key, base64.encodebytes(message)


def revocation_list(lists, name):
    authority = f"{alliance}/link-ca" if name == "link" else f"{alliance}/firms/{name.split('.')[0]}/issuing"
    with tempfile.TemporaryDirectory() as place:
        configuration(place)
        with open(f"{place}/index", "w") as index:
            for serial in lists[name]:
                index.write(f"R\t350101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=x\n")
        made = openssl("ca", "-gencrl", "-config", f"{place}/ca.conf", "-cert", f"{authority}.crt", "-keyfile", f"{authority}.key", "-crldays", "7")
    return openssl("crl", "-outform", "DER", data=made)


def answer(method, path, fields, body, peer, order):
    """Status, media type, body, and for the log: device, key."""
    parts = path.strip("/").split("/")
    lists = taken_back if order.get("revoke_issued") else order.get("revoked", {})
    if method == "GET" and parts[0] == "crl" and parts[1].removesuffix(".crl") in lists:
        return 200, "application/pkix-crl", revocation_list(lists, parts[1].removesuffix(".crl")), "-", "-"
    if method == "GET" and path.split("?")[0] == "/alliance.hstrust":
        return 200, "application/cose", open(f"{alliance}/alliance.hstrust", "rb").read(), "-", "-"
    if method == "GET" and parts[:3] == [".well-known", "est", "link"] and parts[3:] == ["cacerts"]:
        return 200, "application/pkcs7-mime", base64.encodebytes(certs_only([open(f"{alliance}/link-ca.crt", "rb").read()])), "-", "-"
    if method == "POST" and len(parts) == 4 and parts[2] in ("link", "seal") and parts[3] in ("simpleenroll", "simplereenroll"):
        device, key, text = enrol(parts[2], parts[3], fields, body, peer, order)
        return 200, "application/pkcs7-mime; smime-type=certs-only", text, device, key
    raise Refusal(404, "not found")


def read_request(stream):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = stream.recv(4096)
        if not piece:
            return None
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(fields.get("content-length", 0)):
        piece = stream.recv(4096)
        if not piece:
            return None
        body += piece
    method, path, _ = lines[0].split(" ")
    return method, path, fields, body


def reset(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def respond(stream, order):
    request = read_request(stream)
    if request is None:
        return
    method, path, fields, body = request
    device = key = "-"
    is_enrolment = method == "POST"
    try:
        status, kind, text, device, key = answer(method, path, fields, body, stream.getpeercert(), order)
    except Refusal as refusal:
        status, kind, text = refusal.status, "text/plain", refusal.words.encode() + b"\n"
    with open(f"{folder}/requests.log", "a") as log:
        log.write(f"{method} {path} {device} {status} {key}\n")
    if is_enrolment and order.get("delay"):
        time.sleep(order["delay"])
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nDate: {date}\r\nContent-Transfer-Encoding: base64\r\nConnection: close\r\n"
    if status == 202 or is_enrolment and order.get("retry_after"):
        head += f"Retry-After: {order.get('retry_after', 7)}\r\n"
    if is_enrolment and order.get("lose") == path.split("/")[3] and not os.path.exists(f"{folder}/lost-{order['lose']}"):
        open(f"{folder}/lost-{order['lose']}", "w").close()
        return reset(stream)
    if is_enrolment and order.get("huge"):
        return stream.sendall((head + "Content-Length: 1000000000\r\n\r\n").encode() + b"a" * 100000)
    if is_enrolment and order.get("endless"):
        stream.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        while True:
            stream.sendall(b"400\r\n" + b"a" * 1024 + b"\r\n")
    if order.get("chunked"):
        parts = [text[index:index + 100] for index in range(0, len(text), 100)]
        whole = (head + "Transfer-Encoding: chunked\r\n\r\n").encode() + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    else:
        whole = (head + f"Content-Length: {len(text)}\r\n\r\n").encode() + text
    if is_enrolment and order.get("cut") is not None:
        stream.sendall(whole[:order["cut"]])
        return reset(stream)
    stream.sendall(whole)


def server_identity(kind):
    """Files of the server's certificate and key, made once each."""
    base = f"{folder}/server-{kind}"
    with lock:
        if os.path.exists(base + ".crt"):
            return base + ".crt", base + ".key"
        authority = f"{alliance}/link-ca"
        if kind == "other-ca":
            authority = f"{folder}/other-ca"
            openssl("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", authority + ".key", "-out", authority + ".crt",
                    "-subj", "/O=stranger/CN=link CA", "-days", "9", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        names = "DNS:elsewhere.example.org,IP:127.0.0.2" if kind == "other-name" else "DNS:localhost,IP:127.0.0.1"
        with open(base + ".ext", "w") as file:
            file.write(("" if kind == "common-name" else f"subjectAltName={names}\n") + f"extendedKeyUsage={'clientAuth' if kind == 'client' else 'serverAuth'}\n")
        subject = "/O=alliance/CN=localhost"
        openssl("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", base + ".key", "-out", base + ".csr", "-subj", subject)
        now = datetime.datetime.now(datetime.timezone.utc)
        begin = now + datetime.timedelta(days={"expired": -9, "future": 5}.get(kind, -1))
        sign_dates(authority, base, begin, begin + datetime.timedelta(days=800 if kind == "long" else 8))
    return base + ".crt", base + ".key"


def sign_dates(authority, base, begin, end):
    with tempfile.TemporaryDirectory() as place:
        configuration(place)
        form = "%Y%m%d%H%M%SZ"
        certificate = openssl("ca", "-batch", "-notext", "-config", f"{place}/ca.conf", "-cert", f"{authority}.crt", "-keyfile", f"{authority}.key",
                              "-in", base + ".csr", "-extfile", base + ".ext", "-preserveDN", "-startdate", begin.strftime(form), "-enddate", end.strftime(form))
    with open(base + ".crt", "wb") as file:
        file.write(certificate)


def configuration(place):
    """What `openssl ca` wants: it alone takes any dates."""
    with open(f"{place}/index", "w"), open(f"{place}/serial", "w") as serial:
        serial.write("7" + os.urandom(12).hex()[1:].upper() + "\n")
    with open(f"{place}/ca.conf", "w") as file:
        file.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={place}/index\nserial={place}/serial\nnew_certs_dir={place}\ndefault_md=sha256\n"
                   "policy=p\nunique_subject=no\ncopy_extensions=none\n[p]\norganizationName=supplied\ncommonName=supplied\n")


def serve(plain):
    try:
        order = orders()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*server_identity(order.get("server", "good")))
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= NO_CHECK_TIME
        authority = f"{alliance}/link-ca.crt"
        if order.get("strange_clients"):
            server_identity("other-ca")
            authority = f"{folder}/other-ca.crt"
        context.load_verify_locations(authority)
        plain.settimeout(60)
        with context.wrap_socket(plain, server_side=True) as stream:
            respond(stream, order)
            try:
                stream.unwrap()
            except OSError:
                pass
    except (OSError, ValueError) as problem:
        print("connection:", problem, getattr(problem, "filename", ""), file=sys.stderr, flush=True)


listener = socket.create_server(("127.0.0.1", port), backlog=64)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()

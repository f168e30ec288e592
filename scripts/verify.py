#!/usr/bin/env python3
"""The second verifier: checks an SQLite ledger from docs/decisions/0002-chain.md alone and shares no code with the first.

usage: verify.py [--evidence FOLDER] FILE…     one line per finding: file, kind, chain or stream, number (tab-separated); `sound` when there is none.
status: 0 all sound, 1 something does not fit, 2 wrong usage.

FOLDER is what the platform writes outside of the database ([evidence] directory): signed checkpoints, archives of the audit, public keys.
With it a tail that was rewritten together with the table of checkpoints is found, and archived records are checked, too.

What only the program can check is left to it: that a stream's state is the fold of its events, and that sealed fields open.
"""
import base64
import hashlib
import json
import pathlib
import re
import sqlite3
import struct
import sys

ZERO = bytes(32)


def sm3_plain(message):
    """GB/T 32905-2016, for machines whose OpenSSL lacks it."""
    def rol(x, n):
        n %= 32
        return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF

    state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = message + b"\x80" + bytes((55 - len(message)) % 64) + struct.pack(">Q", 8 * len(message))
    for start in range(0, len(padded), 64):
        w = list(struct.unpack(">16I", padded[start:start + 64]))
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rol(w[j - 3], 15)
            w.append(x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = rol((rol(a, 12) + e + rol(t, j)) & 0xFFFFFFFF, 7)
            ss2 = ss1 ^ rol(a, 12)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & 0xFFFFFFFF & g)
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
            tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
            a, b, c, d = tt1, a, rol(b, 9), c
            e, f, g, h = tt2 ^ rol(tt2, 9) ^ rol(tt2, 17), e, rol(f, 19), g
        state = [x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h))]
    return struct.pack(">8I", *state)


def sm3_openssl(message):
    return hashlib.new("sm3", message).digest()


sm3 = sm3_openssl if "sm3" in hashlib.algorithms_available else sm3_plain


def integer(n):
    return struct.pack(">q", n)


def field(value):
    value = value.encode() if isinstance(value, str) else value
    return integer(len(value)) + value


def digest(tag, *parts):
    return sm3(tag + b"".join(parts))


def merkle(leaves):
    """RFC 6962 section 2.1 over leaf hashes."""
    if not leaves:
        return sm3(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return digest(b"\x01", merkle(leaves[:split]), merkle(leaves[split:]))


def root_of(heads):
    """Root over {stream: (version, hash)}."""
    order = sorted(heads, key=lambda name: name.encode())
    return merkle([digest(b"\x00", field(name), integer(heads[name][0]), heads[name][1]) for name in order])


def check_events(db, found):
    secrets = {}
    for stream, version, name, commitment in db.execute("SELECT stream_id, version, name, commitment FROM secret"):
        secrets.setdefault((stream, version), []).append((name.encode(), commitment))
    heads = {}
    history = []
    rows = db.execute("SELECT stream_id, version, kind, at, recorded_at, actor, cause, data, commitment, hash, seq FROM event")
    for row in sorted(rows, key=lambda row: (row[0].encode(), row[1])):
        stream, version, kind, at, recorded, actor, cause, data, commitment, kept, seq = row
        before, prev = heads.get(stream, (0, ZERO))
        covered = b"\x00" if commitment is None else b"\x01" + commitment
        expected = digest(b"ledger/event/1", prev, field(stream), integer(version), field(kind), integer(at),
                          integer(recorded), field(actor), field(cause), field(data), covered)
        if version != before + 1:
            found.append(("Gap", stream, version))
        elif kept != expected:
            found.append(("Hash", stream, version))
        sealed = sorted(secrets.pop((stream, version), []))
        parts = b"".join(field(name) + c for name, c in sealed)
        bound = digest(b"ledger/sealed/1", integer(len(sealed)), parts) if sealed else None
        if bound != commitment:
            found.append(("Commitment", stream, version))
        heads[stream] = (version, kept)
        history.append((stream, version, kept, seq))
    found.extend(("Commitment", stream, version) for stream, version in secrets)
    rows = {stream: (version, head) for stream, version, head in db.execute("SELECT id, version, head FROM stream")}
    for stream in sorted(set(heads) | set(rows)):
        if stream not in rows:
            found.append(("MissingStream", stream, heads[stream][0]))
        elif stream not in heads:
            found.append(("ExtraStream", stream, rows[stream][0]))
        else:
            if rows[stream][0] != heads[stream][0]:
                found.append(("Version", stream, heads[stream][0]))
            if rows[stream][1] != heads[stream][1]:
                found.append(("Head", stream, heads[stream][0]))
    return heads, history


def covered(marks, seq, head, found):
    """Compares a record with what checkpoints say of it."""
    found.extend(("AuditCheckpoint", "audit", seq) for kept in marks.pop(seq, []) if kept != head)


def check_checkpoints(db, history, found):
    """Recounts each root; returns where checkpoints say the audit chain stood, and each checkpoint as one line."""
    last, prev, marks, lines = 0, ZERO, {}, {}
    columns = "number, at, root, streams, events, tx, seq, audit_seq, audit_hash, hash"
    for row in db.execute("SELECT %s FROM checkpoint ORDER BY number" % columns):
        number, at, root, streams, events, tx, seq, audit_seq, audit_head, kept = row
        expected = digest(b"ledger/checkpoint/1", prev, integer(number), integer(at), root, integer(streams),
                          integer(events), field(tx), integer(seq), integer(audit_seq), audit_head)
        if number != last + 1 or kept != expected:
            found.append(("CheckpointChain", "checkpoint", number))
        heads = {}
        for stream, version, head, place in history:
            if (0, place) <= (int(tx), seq):
                heads[stream] = (version, head)
        if (root, streams, events) != (root_of(heads), len(heads), sum(version for version, _ in heads.values())):
            found.append(("Checkpoint", str(at), 0))
        if audit_seq > 0:
            marks.setdefault(audit_seq, []).append(audit_head)
        lines[number] = "tzxm/checkpoint/1 number=%d at=%d streams=%d events=%d root=%s tx=%s seq=%d audit=%d head=%s hash=%s" % (
            number, at, streams, events, root.hex(), tx, seq, audit_seq, audit_head.hex(), kept.hex())
        last, prev = number, kept
    if (last, prev) != head_of(db, "checkpoint"):
        found.append(("CheckpointChain", "checkpoint", last))
    return marks, lines


COLUMNS = "request, face, source, session, actor, role, organisation, method, path, object, outcome, reason, before, after"


def audit_hash(prev, seq, at, texts):
    return digest(b"ledger/audit/1", prev, integer(seq), integer(at), *map(field, texts))


def read_archive(path, first, prev, last, head, whole):
    """Hashes of the records of a file by number; ValueError when it is not what was noted."""
    try:
        text = path.read_bytes()
    except OSError:
        raise ValueError("is missing") from None
    begin, *records, end = [json.loads(line) for line in text.decode().splitlines()]
    if sm3(text) != whole or begin != {"begin": {"format": "audit/1", "first": first, "prev": prev.hex()}}:
        raise ValueError("is another file")
    if end != {"end": {"last": last, "head": head.hex()}}:
        raise ValueError("ends elsewhere")
    kept, seq = {}, first - 1
    for line in records:
        record = line["record"]
        seq, prev = seq + 1, audit_hash(prev, seq + 1, record["at"], [record[name] for name in COLUMNS.split(", ")])
        if record["seq"] != seq or record["hash"] != prev.hex():
            raise ValueError("a record was changed")
        kept[seq] = prev
    if (seq, prev) != (last, head):
        raise ValueError("ends elsewhere")
    return kept


def check_archives(db, marks, folder, keys, found):
    """Returns number and hash of the last archived record, and how many records were read."""
    number, prev, last, head, read = 0, ZERO, 0, ZERO, 0
    columns = "number, at, first, last, prev, head, file, digest, key, signature, hash"
    rows = db.execute("SELECT %s FROM audit_archive ORDER BY number" % columns).fetchall()
    for row in rows:
        n, at, first, until, before, after, file, whole, key, signature, kept = row
        text = "tzxm/archive/1 number=%d at=%d first=%d last=%d prev=%s head=%s file=%s sm3=%s" % (
            n, at, first, until, before.hex(), after.hex(), file, whole.hex())
        expected = digest(b"ledger/archive/1", prev, integer(n), field(text), field(key), field(signature))
        if n != number + 1 or kept != expected or (first, before) != (last + 1, head) or until < first:
            found.append(("ArchiveChain", "archive", n))
        if keys is not None and not signed(keys, key, text, signature):
            found.append(("Signature", "archive", n))
        number, prev, last, head = n, kept, until, after
    if (number, prev) != head_of(db, "archive"):
        found.append(("ArchiveChain", "archive", number))
    for n, _, first, until, before, after, file, whole, *_ in rows:
        records = None
        if folder is not None:
            try:
                records = read_archive(folder / file, first, before, until, after, whole)
                read += len(records)
            except (ValueError, KeyError, TypeError):
                found.append(("Archive", "archive", n))
        if records is None:
            for seq in [seq for seq in marks if seq < until]:
                del marks[seq]
            records = {until: after}
        for seq, kept in records.items():
            covered(marks, seq, kept, found)
    return (last, head), read


def check_audit(db, marks, start, found):
    (last, prev), count = start, 0
    for row in db.execute("SELECT seq, at, hash, %s FROM audit_entry ORDER BY seq" % COLUMNS):
        seq, at, kept = row[:3]
        if seq != last + 1:
            found.append(("AuditGap", "audit", seq))
        elif kept != audit_hash(prev, seq, at, row[3:]):
            found.append(("AuditHash", "audit", seq))
        last, prev, count = seq, kept, count + 1
        covered(marks, seq, kept, found)
    if (last, prev) != head_of(db, "audit"):
        found.append(("AuditHead", "audit", last))
    found.extend(("AuditCheckpoint", "audit", seq) for seq in marks)
    return count


# SM2 (GB/T 32918, parameters of GB/T 32918.5), verification only.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
USER_ID = b"1234567812345678"


def plus(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(n, point):
    result = None
    for bit in bin(n)[2:]:
        result = plus(result, result)
        if bit == "1":
            result = plus(result, point)
    return result


def two_integers(der):
    """r and s of a signature; the only shape DER has for them."""
    numbers, at = [], 2
    if der[0] != 0x30 or der[1] != len(der) - 2:
        raise ValueError("no sequence")
    while at < len(der):
        length = der[at + 1]
        if der[at] != 2 or length == 0 or at + 2 + length > len(der):
            raise ValueError("no integer")
        numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big", signed=True))
        at += 2 + length
    r, s = numbers
    return r, s


def verifies(pem, text, signature):
    point = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))[-64:]
    key = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    try:
        r, s = two_integers(bytes.fromhex(signature))
    except (ValueError, IndexError):
        return False
    if not (0 < r < N and 0 < s < N and (r + s) % N) or (key[1] ** 2 - key[0] ** 3 - A * key[0] - B) % P:
        return False
    numbers = (A, B, *G, *key)
    who = sm3(struct.pack(">H", 8 * len(USER_ID)) + USER_ID + b"".join(n.to_bytes(32, "big") for n in numbers))
    e = int.from_bytes(sm3(who + text.encode()), "big")
    there = plus(times(s, G), times((r + s) % N, key))
    return there is not None and (e + there[0]) % N == r


def signed(keys, key, text, signature):
    return key in keys and verifies(keys[key], text, signature)


# Signatures checked: those of the newest lines, and of each that contradicts. The chain covers what is before them.
NEWEST = 64


def check_outside(lines, folder, keys, found):
    """Compares the signed checkpoints kept outside with those of the database."""
    kept = [line for path in sorted(folder.glob("checkpoints-*.txt")) for line in path.read_text().splitlines()]
    before = None
    for place, line in enumerate(kept):
        parts = re.fullmatch(r"(tzxm/checkpoint/1 number=([0-9]{1,18}) .*) key=(\S+) signature=(\S+)", line)
        if not parts:
            found.append(("Outside", "checkpoint", 0))
            continue
        text, number, key, signature = parts[1], int(parts[2]), parts[3], parts[4]
        same = lines.get(number) == text
        follows = before is None or number == before + 1
        before = number
        if (not same or place >= len(kept) - NEWEST) and not signed(keys, key, text, signature):
            found.append(("Signature", "checkpoint", number))
        elif not same or not follows:
            found.append(("Outside", "checkpoint", number))


def head_of(db, name):
    return db.execute("SELECT seq, head FROM chain WHERE name = ?", (name,)).fetchone() or (None, None)


def verify(path, folder=None):
    """Findings as (kind, chain or stream, number), and a line of figures."""
    keys = None
    if folder is not None:
        keys = {path.stem.removeprefix("key-"): path.read_text() for path in folder.glob("key-*.pem")}
    found = []
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        db.execute("BEGIN")
        heads, history = check_events(db, found)
        marks, lines = check_checkpoints(db, history, found)
        start, records = check_archives(db, marks, folder, keys, found)
        records += check_audit(db, marks, start, found)
        if folder is not None:
            check_outside(lines, folder, keys, found)
    except (struct.error, TypeError, AttributeError, ValueError) as error:
        # A value no ledger writes: too large, or of another type.
        found.append(("Broken", str(error), 0))
        return found, ""
    finally:
        db.close()
    return found, "%d events, %d audit records, root %s" % (len(history), records, root_of(heads).hex())


def main(paths):
    vector = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    if any(one(b"abc").hex() != vector for one in (sm3, sm3_plain)):
        sys.exit("SM3 of this machine fails the test vector of GB/T 32905-2016")
    folder = None
    if paths[:1] == ["--evidence"]:
        folder, paths = pathlib.Path(paths[1]) if len(paths) > 1 else None, paths[2:]
    if not paths or (folder is not None and not folder.is_dir()):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    broken = 0
    for path in paths:
        found, figures = verify(path, folder)
        broken += bool(found)
        if not found:
            print(path, "sound", figures, sep="\t")
        for kind, name, number in found:
            print(path, kind, name, number, sep="\t")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

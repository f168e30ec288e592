#!/usr/bin/env python3
"""The second verifier: checks an SQLite ledger from docs/decisions/0002-chain.md alone and shares no code with the first.

usage: verify.py FILE…     one line per finding: file, kind, chain or stream, number (tab-separated); `sound` when there is none.
status: 0 all sound, 1 something does not fit, 2 wrong usage.

What only the program can check is left to it: that a stream's state is the fold of its events, and that sealed fields open.
"""
import hashlib
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


def check_checkpoints(db, history, found):
    """Recounts each root; returns where checkpoints say the audit chain stood."""
    last, prev, marks = 0, ZERO, []
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
            marks.append((audit_seq, audit_head))
        last, prev = number, kept
    if (last, prev) != head_of(db, "checkpoint"):
        found.append(("CheckpointChain", "checkpoint", last))
    return marks


def check_audit(db, marks, found):
    last, prev, kept_at = 0, ZERO, {}
    columns = "request, face, source, session, actor, role, organisation, method, path, object, outcome, reason, before, after"
    for row in db.execute("SELECT seq, at, hash, %s FROM audit_entry ORDER BY seq" % columns):
        seq, at, kept = row[:3]
        expected = digest(b"ledger/audit/1", prev, integer(seq), integer(at), *map(field, row[3:]))
        if seq != last + 1:
            found.append(("AuditGap", "audit", seq))
        elif kept != expected:
            found.append(("AuditHash", "audit", seq))
        last, prev = seq, kept
        kept_at[seq] = kept
    if (last, prev) != head_of(db, "audit"):
        found.append(("AuditHead", "audit", last))
    found.extend(("AuditCheckpoint", "audit", seq) for seq, head in marks if kept_at.get(seq) != head)
    return last


def head_of(db, name):
    return db.execute("SELECT seq, head FROM chain WHERE name = ?", (name,)).fetchone() or (None, None)


def verify(path):
    """Findings as (kind, chain or stream, number), and a line of figures."""
    found = []
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        db.execute("BEGIN")
        heads, history = check_events(db, found)
        records = check_audit(db, check_checkpoints(db, history, found), found)
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
    if not paths:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    broken = 0
    for path in paths:
        found, figures = verify(path)
        broken += bool(found)
        if not found:
            print(path, "sound", figures, sep="\t")
        for kind, name, number in found:
            print(path, kind, name, number, sep="\t")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

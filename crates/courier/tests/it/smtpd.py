"""A real SMTP server (aiosmtpd) for the tests of the mail adapter: argument 1 is the port, argument 2 the folder that mails are kept in.

It refuses recipients by what their mailbox is called, as mail servers do, and accepts everybody else.
"""

import asyncio
import sys
from pathlib import Path

from aiosmtpd.controller import UnthreadedController

port, folder = int(sys.argv[1]), Path(sys.argv[2])
REFUSALS = {
    "nobody": "550 5.1.1 no such mailbox",
    "full": "552 5.2.2 mailbox full",
    "greylisted": "451 4.7.1 try again later",
}


class Keep:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = REFUSALS.get(address.split("@")[0])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        kept = folder / f"{Keep.count:03}.eml"
        partial = kept.with_suffix(".part")
        partial.write_bytes("".join(f"Envelope-To: {to}\r\n" for to in envelope.rcpt_tos).encode() + envelope.content)
        partial.rename(kept)
        return f"250 OK queued as {Keep.count}"


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
controller = UnthreadedController(Keep(), hostname="127.0.0.1", port=port, loop=loop, enable_SMTPUTF8=True)
controller.begin()
print("ready", flush=True)
loop.run_forever()

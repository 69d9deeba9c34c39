"""The stage: a small XMPP server in the same process, for practice and for tests.

`server` has the sockets, `connection` one client's stream (`output` its bytes, `hibernation` what
is kept while a client is away), and `stage` all that happens once a resource is bound: `router`
says where a stanza goes, `actors` are the users who play along, and `repertoire` puts together
what there is besides routing. Each concern has a room of its own:

- `messages`: delivery, messages kept for later, carbons, archives
- `contacts`: rosters, presence and subscriptions, blocking
- `services`: iqs, service discovery, commands, what is stored for users
- `rooms`: rooms for many to talk in; `pep`: the nodes that users publish on
- `conduct`: profiles of other servers, and faults on demand

`facilities` is what the services have in common, `envelope` a stanza on its way, `markup` and
`excerpt` exact edits on its text, `directory` who is connected, and `accounts`, `registration`,
`fast_tokens` and `certificates` are who may sign in and how.
"""

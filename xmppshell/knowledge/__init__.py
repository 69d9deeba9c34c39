"""The library: what the tool knows of XMPP beyond what it needs to speak it.

`specifications` knows every RFC and XEP by number, title and status; `catalogue` the namespaces
with their elements, from the TOML files in `data/topics`; `glossary` the words that are no
elements: status codes, mechanisms, features. `explain` annotates what is asked for from all of
these, and `lint` holds the rules for what is wrong on a stream without being ill-formed. Nothing
here is loaded before it is asked for.
"""

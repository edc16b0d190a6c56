"""The parts of the fuzzer: `python -m benchmarks.fuzz`.

A valid request of an operation is filled in with what the server has given out (`operations`,
`pools`), becomes a draft (`drafts`), is changed (`parameters`, `messages`), and goes over a raw
socket (`wire`) to a server in a process of its own (`serving`). A campaign sends many, looks after
the server, and keeps what went wrong (`campaign`, `findings`); in the end each fault is made as
small as it goes (`shrinking`).
"""

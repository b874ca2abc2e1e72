"""The site without network: what is kept on the device for it, and the reports that were written then.

The pages `/report/offline` and `/report/waiting` are the same for everybody and hold nothing about anybody, so that a
browser may keep them; the service worker at `/sw.js` does. What somebody writes there stays on the device until
`/report/waiting/send` has it.
"""

/**
 * A key and its self-signed certificate for next-hop.example.com and localhost, good until 2126. Made for these tests and good for
 * nothing else.
 */
export const CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5tseELgT2ivZIfUa
KXdy4S0SxqEHIr6NPznnwDIRwfyhRANCAAS96rYfmXCPlHH7uIhyFGiOESsV7U2w
vUtjX0nOaN1jlZu2Ja4yxGnK/H0/0cg9AMYwvJxSolXVbiVFlAcsgedg
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUU/8HU8OejmFi4gjF1SBzYiMFKwQwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUbmV4dC1ob3AuZXhhbXBsZS5jb20wIBcNMjYxMTI1MDMxMTMx
WhgPMjEyNjExMDEwMzExMzFaMB8xHTAbBgNVBAMMFG5leHQtaG9wLmV4YW1wbGUu
Y29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEveq2H5lwj5Rx+7iIchRojhEr
Fe1NsL1LY19JzmjdY5WbtiWuMsRpyvx9P9HIPQDGMLycUqJV1W4lRZQHLIHnYKN/
MH0wHQYDVR0OBBYEFEfjnRrPh48PakqUhMO//4q6CspFMB8GA1UdIwQYMBaAFEfj
nRrPh48PakqUhMO//4q6CspFMA8GA1UdEwEB/wQFMAMBAf8wKgYDVR0RBCMwIYIU
bmV4dC1ob3AuZXhhbXBsZS5jb22CCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNIADBF
AiEAiwfulnjWo6Y/S5EJgqk7wcbrn9WemdAl6iHvjMinwBECIFOwBr12PG+zn6GL
0X5JBYQZCf1EeyDne6m8M0nP9aQg
-----END CERTIFICATE-----
`,
}

/** The group ffdhe2048 of RFC 7919. Without such a file in config/ Haraka has openssl look for another prime at each start, for seconds. */
export const DH_PARAMETERS = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

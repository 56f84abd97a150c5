import assert from 'node:assert/strict'
import test from 'node:test'
import { checkPassword, type Verdict } from '../../authent/password.js'
import { hashPassword, isScrypt, NOBODY } from '../../authent/scrypt.js'

/** Made by OpenSSL 3 (`openssl passwd`), by crypt(3) of glibc, and by Python's hashlib.scrypt. */
const STORED = {
  des: 'abNANd1rDfiNc',
  desUmlaut: './Wrjs.Kc.GIM',
  md5: '$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1',
  md5Long: '$1$x$YGzEi/XBof2Wa5syc6B1q/',
  sha256: '$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.',
  sha256Rounds: '$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7',
  sha512: '$6$abcdefgh$iiBW30h6MQUpgkXT9F87NVy6FIbloKXQmfPH87w2UkYa6T8cikoVXkyDCmOccwyrz69xvCZIs4Q.UiGV4ZRkv.',
  sha512Rounds:
    '$6$rounds=5000$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00',
  scrypt: '$scrypt$ln=10,r=8,p=1$c2FsdHlzYWx0$e80Ud2fl0sV/CFgCEI39DuEIW+poVmdSfH2lv/UiyJk',
}

test('passwords in the forms of other programs', async (t) => {
  const rows: [stored: string, given: string, expected: Verdict][] = [
    [STORED.des, 'secret', 'right'],
    [STORED.des, 'secreT', 'wrong'],
    [STORED.des, '', 'wrong'],
    [STORED.desUmlaut, 'päss', 'right'],
    [`{crypt}${STORED.des}`, 'secret', 'right'],
    [STORED.md5, 'secret', 'right'],
    [STORED.md5, 'secret ', 'wrong'],
    [STORED.md5Long, 'a long password of more than sixteen bytes: é', 'right'],
    [STORED.sha256, 'secret', 'right'],
    [STORED.sha256, 'Secret', 'wrong'],
    [STORED.sha256Rounds, 'secret', 'right'],
    [STORED.sha512, 'pässword', 'right'],
    [STORED.sha512, 'password', 'wrong'],
    [STORED.sha512Rounds, 'secret', 'right'],
    [`{CRYPT}${STORED.sha512Rounds}`, 'secret', 'right'],
    [STORED.scrypt, 'secret', 'right'],
    [STORED.scrypt, 'secre', 'wrong'],
    [STORED.scrypt, '', 'wrong'],
    [NOBODY, 'secret', 'wrong'],
    ['$6$rounds=999999999$salt$' + STORED.sha512.slice(-86), 'secret', 'unsupported'],
    ['$scrypt$ln=31,r=8,p=1$c2FsdHlzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'secret', 'unsupported'],
    ['$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 'secret', 'unsupported'],
    ['abNANd1rDfiN', 'secret', 'unsupported'],
  ]
  for (const [stored, given, expected] of rows) {
    await t.test(`"${given}" against ${stored} is ${expected}`, async () => {
      assert.equal(await checkPassword(stored, given), expected)
    })
  }
})

test('a written password is scrypt, salted, and fits a line of a user file and a column of SQLAuth', async () => {
  const [one, other] = await Promise.all([hashPassword('pässword'), hashPassword('pässword')])
  assert.notEqual(one, other)
  for (const stored of [one, other]) {
    assert.ok(isScrypt(stored))
    assert.match(stored, /^[^\s:"]{1,128}$/)
    assert.equal(await checkPassword(stored, 'pässword'), 'right')
    assert.equal(await checkPassword(stored, 'passwort'), 'wrong')
  }
})

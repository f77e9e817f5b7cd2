import { createPrivateKey, X509Certificate } from 'node:crypto'

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** The certificates in a PEM text, in their order. Throws where one cannot be read. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map((text) => new X509Certificate(text))
}

/** Whether the text holds certificates in PEM, and none that cannot be read. */
export function hasCertificates(pem: string): boolean {
  try {
    return readCertificates(pem).length > 0
  } catch {
    return false
  }
}

/** Whether the text is a private key in PEM that can be used without a passphrase. */
export function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem)
    return true
  } catch {
    return false
  }
}

/** Whether the key is that of the first certificate, which is the server's own: the others vouch for it. */
export function keyFits(certificatePem: string, keyPem: string): boolean {
  return readCertificates(certificatePem)[0]?.checkPrivateKey(createPrivateKey(keyPem)) ?? false
}

/** The private key in a file of the P12 format, as Google used to hand them out: with ciphers that OpenSSL has given up. */
import { gcsErrors } from './errors.ts';

/** The key as PEM; the passwords are tried in order. */
export async function privateKeyOf(bytes: Uint8Array, passwords: readonly string[]): Promise<string> {
  const { default: forge } = await import('node-forge');
  let reason = '';
  for (const password of new Set(passwords)) {
    try {
      const der = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('binary')));
      const store = forge.pkcs12.pkcs12FromAsn1(der, password);
      const types = [forge.pki.oids['pkcs8ShroudedKeyBag'] ?? '', forge.pki.oids['keyBag'] ?? ''];
      const bags = types.flatMap((bagType) => store.getBags({ bagType })[bagType] ?? []);
      const key = bags.find((bag) => bag.key !== undefined)?.key;
      if (key !== undefined && key !== null) return forge.pki.privateKeyToPem(key);
      reason = 'it holds no private key';
    } catch (error) {
      reason = error instanceof Error ? error.message.replace(/[.\s]+$/, '') : String(error);
    }
  }
  throw gcsErrors.error('GCS_KEY_FILE', { option: 'p12_keyfile', reason }, { where: { path: ['auth_method'] } });
}

/** TLS where the scheme of a URL says whether there is any. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { tlsFields } from './tls-config.ts';

// The shape is long, and `z.output` of the configs gives the types that others need.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function httpsFields() {
  return {
    ...tlsFields('verify-full'),
    tls_mode: option(z.enum(['require', 'verify-ca', 'verify-full']).default('verify-full'), {
      title: 'TLS mode',
      description:
        'For `https://`: `verify-full` checks who issued the certificate of the server and that it is for its name, ' +
        '`verify-ca` only who issued it; `require` encrypts without checking who the server is.',
      'x-group': 'tls',
      'x-advanced': true,
    }),
  };
}

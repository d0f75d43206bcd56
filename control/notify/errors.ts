/** What can be wrong with destinations, rules and messages of notices. No message holds a secret. */
import { errorCatalogue } from '#spi/errors.ts';

export const noticeErrors = errorCatalogue({
  NOTICE_TEMPLATE_INVALID: {
    kind: 'config',
    message: 'The template cannot be used: {reason}.',
    hint: 'Write fields as {example}. There are: {fields}.',
  },
  NOTICE_RULES_EXCEEDED: {
    kind: 'config',
    message: 'There are {limit} rules of the {scope} already.',
    hint: 'Delete one, or let one tell more: "run_finished" tells of both ends.',
  },
  NOTICE_ADDRESS_REFUSED: {
    kind: 'config',
    message: 'Nothing is sent to {host}: {reason}.',
    hint: 'Use an address that is public, or let the installation allow this one (ROPEWAY_NOTICE_ALLOW).',
  },
  NOTICE_ADDRESS_UNCONFIRMED: {
    kind: 'config',
    message: 'The address {address} has not been confirmed: nothing is sent to it.',
    hint: 'Follow the link in the message that was sent to it, or have the link sent again.',
  },
  NOTICE_LINK_REFUSED: {
    kind: 'config',
    message: 'The link is not good any more.',
    hint: 'Have another one sent; each is good for a day, and only the last one.',
  },
  NOTICE_LINKS_EXCEEDED: {
    kind: 'config',
    message: 'The address {address} was sent {count} links already, the last one at {at}.',
    hint: 'Look into its folder of unwanted messages. Another link can be sent an hour after the last, {limit} in all.',
  },
  SMTP_MISSING: {
    kind: 'config',
    message: 'There is no server for e-mail: {reason}.',
    hint: 'Whoever runs the installation sets one: ROPEWAY_SMTP_URL and ROPEWAY_SMTP_FROM, or PUT /notices/smtp.',
  },
  SMTP_FROM_ENVIRONMENT: {
    kind: 'config',
    message: 'The server for e-mail is named by the environment.',
    hint: 'Change ROPEWAY_SMTP_URL, or remove it and set the server here.',
  },
  SMTP_SETTINGS_INVALID: {
    kind: 'config',
    message: '{name} is not as it must be: {reason}.',
    hint: 'Write smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587 for STARTTLS.',
  },
  NOTICE_SETTINGS_INVALID: {
    kind: 'config',
    message: '{name} holds "{value}", which is no network.',
    hint: 'Write networks as 10.0.0.0/8 or fd00::/8, with commas between them.',
  },
  DELIVERY_WAITS: {
    kind: 'config',
    message: 'The delivery {id} has not been given up: it waits to be sent.',
    hint: 'Wait for its next try.',
  },
  DELIVERY_NOT_REPEATED: {
    kind: 'config',
    message: 'A message of the kind "{kind}" is not sent again.',
    hint: 'Send another test, or ask the addresses of the destination for their confirmation again.',
  },
  DESTINATION_GONE: {
    kind: 'config',
    message: 'The destination "{name}" is not there any more.',
    hint: 'Create it again, and a rule that sends to it.',
  },
});

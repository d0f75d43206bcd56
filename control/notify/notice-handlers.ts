/** The handlers of everything about notices. */
import type { HandlersOf } from '#control/http/handler.ts';
import { deliveryHandlers } from './deliveries.ts';
import { destinationHandlers } from './destinations.ts';
import type { NoticeParts } from './destinations.ts';
import { ruleHandlers } from './rules.ts';
import { smtpHandlers } from './smtp-handlers.ts';

export function noticeHandlers(parts: NoticeParts): HandlersOf<'destinations' | 'noticeRules' | 'deliveries' | 'smtp'> {
  return {
    ...destinationHandlers(parts),
    ...ruleHandlers(parts.store),
    ...deliveryHandlers(parts.store),
    ...smtpHandlers(parts),
  };
}

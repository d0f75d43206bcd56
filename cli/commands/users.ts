/** `ropeway users …`: what who sits at the machine, or administers the installation, does for people who cannot sign in. */
import type { Client } from '#api/client.ts';
import { ID_PATTERN } from '#api/fields.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { cliErrors } from '#cli/errors.ts';

interface Made {
  readonly link: string;
  readonly expiresAt: string;
}

export function makeSetupLink(options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    show(
      ctx,
      await client.call('links.setup'),
      'It sets up the owner, once, within a day. Those from before are void.',
    );
  });
}

export function makeResetLink(user: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await userId(client, user);
    const made = await client.call('accounts.resetLink', { params: { id } });
    show(ctx, made, 'It sets a new password, once, within a day. Those from before are void.');
  });
}

export function endSecondFactor(user: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await userId(client, user);
    await client.call('accounts.endSecondFactor', { params: { id } });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ id, secondFactor: false })}\n`);
    else ctx.terminal.say('The password alone lets in from now on. All sessions have ended.\n');
  });
}

/** Alone on stdout: it goes to somebody without being seen. */
function show(ctx: CommandContext, made: Made, words: string): void {
  ctx.terminal.out(ctx.isJson ? `${JSON.stringify(made)}\n` : `${made.link}\n`);
  if (!ctx.isJson) ctx.terminal.say(`${words}\n`);
}

async function userId(client: Client, emailOrId: string): Promise<string> {
  const wanted = emailOrId.trim().toLowerCase();
  if (ID_PATTERN.test(wanted)) return wanted;
  for await (const user of client.items('users.list', { query: { q: wanted } })) {
    if (user.email === wanted) return user.id;
  }
  throw cliErrors.error('USER_UNKNOWN', { user: wanted });
}

/** What a password must be: long, and not the first thing that anybody would try. */
import { PASSWORD_LENGTH_MIN } from '#api/resources/sign-in.ts';

/** Why it is refused; undefined when it is not. The password itself is never in the words. */
export function passwordFault(
  password: string,
  person: { readonly email: string; readonly name?: string },
): string | undefined {
  const length = [...password].length;
  if (length < PASSWORD_LENGTH_MIN) return `it has ${length} characters, ${PASSWORD_LENGTH_MIN} are needed`;
  const plain = password.normalize('NFKC').toLowerCase();
  const own = [person.email, person.email.split('@')[0] ?? '', person.name ?? ''].map((text) => text.toLowerCase());
  const bare = withoutTail(plain);
  if (own.some((text) => text !== '' && (text === plain || text === bare)))
    return 'it is the e-mail address or the name';
  if (common.has(plain) || common.has(bare)) return 'it is among the commonest passwords';
  if (isRepetition(plain)) return 'it repeats a few characters';
  if (isSequence(plain)) return 'its characters follow one another';
  return undefined;
}

/** What people add so that a rule is content: digits and signs at the end. */
function withoutTail(text: string): string {
  return text.replace(/[^\p{Letter}]+$/u, '');
}

/** Longest part that is repeated to make the whole of a password. */
const REPEATED_LENGTH_MAX = 4;

function isRepetition(text: string): boolean {
  for (let length = 1; length <= REPEATED_LENGTH_MAX; length += 1) {
    if (
      text ===
      text
        .slice(0, length)
        .repeat(Math.ceil(text.length / length))
        .slice(0, text.length)
    )
      return true;
  }
  return false;
}

function isSequence(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  // 9 is followed by 0.
  const follows = (step: number): boolean =>
    codes.every((code, at) => {
      const before = codes[at - 1];
      if (before === undefined || code - before === step) return true;
      return step === 1 ? before === 0x39 && code === 0x30 : before === 0x30 && code === 0x39;
    });
  return follows(1) || follows(-1);
}

/**
 * The commonest of those that are long enough, and words that become long enough by digits behind them, in lower case.
 * Guessing goes through lists like this one first; against more of it there is the throttle.
 */
const common: ReadonlySet<string> = new Set(
  `password passwort motdepasse contrasena contraseña senha passwordpassword mypassword thepassword thisisapassword
  passw0rd p@ssw0rd p@ssword pa$$word masterpassword nopassword qwerty qwertyuiop qwertyuiopasdfghjkl qwertyqwerty
  qwertyuiopasdfghjklzxcvbnm qwerty123456 qwertz qwertzuiop azerty azertyuiop asdfghjkl asdfgh asdfghjklzxcvbnm zxcvbnm
  1q2w3e4r5t6y 1q2w3e4r5t6y7u q1w2e3r4t5y6 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 qazwsxedcrfv qazwsxedc qazwsx
  123qweasdzxc 1234qwerasdf 1234qwerasdfzxcv abcd1234abcd abc123abc123 a1b2c3d4e5f6 aa1234567890 administrator admin
  adminadmin administrator1 superadmin sysadmin rootroot root superuser changeme changemenow changeit letmein
  letmeinnow letmeinplease welcome welcomehome hello helloworld iloveyou iloveyouforever iloveyousomuch loveyou
  trustno1 trustnoone unbelievable correcthorsebatterystaple batterystaple sunshine princess dragon monkey football
  baseball basketball superman batman starwars master shadow michael jennifer charlie computer internet samsung
  whatever freedom liverpool manchester manchesterunited chelsea arsenal barcelona realmadrid summer winter spring
  autumn default temporary secret topsecret mysecret test testtest testing demo guest user login access
  opensesame ropeway ropewayropeway trocco embulk database warehouse snowflake bigquery company january february
  september november december monday friday`.split(/\s+/),
);

import { describe, expect, it } from 'vitest';
import type { RopewayError } from '#spi/errors.ts';
import { connectionFailure, refusalFailure } from './failure.ts';
import { completionXml, elementOf, elementsOf } from '#connectors/object-store/xml.ts';

const doing = { action: 'reading', bucket: 'b', key: 'k', permission: 'storage.objects.get' };

function json(message: string, reason = ''): string {
  return JSON.stringify({ error: { code: 1, message, errors: [{ reason, message }] } });
}

function xml(code: string, message = ''): string {
  return `<?xml version='1.0'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

describe('refusalFailure()', () => {
  it.each<[number, string, string, boolean]>([
    [404, json('The specified bucket does not exist.', 'notFound'), 'GCS_BUCKET_NOT_FOUND', false],
    [404, json('No such object: b/k', 'notFound'), 'GCS_OBJECT_NOT_FOUND', false],
    [404, xml('NoSuchBucket'), 'GCS_BUCKET_NOT_FOUND', false],
    [404, xml('NoSuchUpload'), 'GCS_UPLOAD_LOST', false],
    [404, '', 'GCS_OBJECT_NOT_FOUND', false],
    [412, json('At least one of the pre-conditions…', 'conditionNotMet'), 'GCS_OBJECT_CHANGED', false],
    [401, json('Invalid Credentials', 'authError'), 'GCS_CREDENTIALS_REFUSED', false],
    [403, json('… does not have storage.objects.get access', 'forbidden'), 'GCS_ACCESS_DENIED', false],
    [403, json('Rate Limit Exceeded', 'rateLimitExceeded'), 'GCS_SLOW_DOWN', true],
    [429, json('The rate of changes …'), 'GCS_SLOW_DOWN', true],
    [408, '', 'GCS_UNAVAILABLE', true],
    [503, xml('ServiceUnavailable'), 'GCS_UNAVAILABLE', true],
    [400, json('Invalid argument.'), 'GCS_REQUEST_FAILED', false],
    [405, '<html>not "json" {', 'GCS_REQUEST_FAILED', false],
  ])('%i %s', (status, text, code, transient) => {
    const failure = refusalFailure({ status, text, retryAfterMs: 7 }, doing);
    expect(failure).toMatchObject({ code, transient, retryAfterMs: 7 });
    expect(failure.message).not.toContain('{');
  });

  it('takes what is not there for the bucket when no object was asked for', () => {
    const failure = refusalFailure({ status: 404, text: '', retryAfterMs: undefined }, { ...doing, key: '' });
    expect(failure.code).toBe('GCS_BUCKET_NOT_FOUND');
  });
});

describe('connectionFailure()', () => {
  const going = new AbortController().signal;
  const coded = (code: string): Error => Object.assign(new Error(`text of ${code}`), { code });
  it.each<[string, string, boolean]>([
    ['ECONNRESET', 'GCS_UNREACHABLE', true],
    ['ETIMEDOUT', 'GCS_UNREACHABLE', true],
    ['ENOTFOUND', 'GCS_HOST_UNKNOWN', false],
    ['CERT_HAS_EXPIRED', 'GCS_REQUEST_FAILED', false],
  ])('%s', (fault, code, transient) =>
    expect(connectionFailure(coded(fault), doing, going) as RopewayError).toMatchObject({ code, transient }),
  );

  it('leaves bugs as they are', () => {
    const bug = new TypeError('x is not a function');
    expect(connectionFailure(bug, doing, going)).toBe(bug);
    expect(connectionFailure(bug, doing, AbortSignal.abort())).toMatchObject({ code: 'GCS_STOPPED' });
  });
});

describe('elementOf()', () => {
  it('finds the content of elements', () => {
    const text = '<R xmlns="x"><Id>a&amp;b&#233;&#x1F600;&unknown;</Id><K>1</K><K>2</K></R>';
    expect([elementOf(text, 'Id'), elementOf(text, 'None')]).toEqual(['a&bé😀&unknown;', undefined]);
    expect(elementsOf(text, 'K')).toEqual(['1', '2']);
  });
});

describe('completionXml()', () => {
  it('names the parts', () => {
    expect(completionXml([{ number: 1, etag: '"<&>"' }])).toBe(
      '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>"&lt;&amp;&gt;"</ETag></Part></CompleteMultipartUpload>',
    );
  });
});

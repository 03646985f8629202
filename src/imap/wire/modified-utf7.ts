// RFC 3501 §5.1.3: mailbox names for clients that have not enabled UTF-8. Base64 of UTF-16BE between "&" and "-", with
// "," for "/", and "&-" for "&".

export function encodeModifiedUtf7(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (run) => (run === '&' ? '&-' : `&${base64(run)}-`));
}

function base64(text: string): string {
  const encoded = Buffer.from(text, 'utf16le').swap16().toString('base64');
  return encoded.replace(/=+$/, '').replaceAll('/', ',');
}

/**
 * `undefined` if it is none: a shift that never ends, bits left over, a lone surrogate, or another way to write a name than the one
 * there is (so that no two names on the wire are one mailbox).
 */
export function decodeModifiedUtf7(encoded: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(encoded)) return undefined;
  let whole = true;
  const name = encoded.replace(/&([^-]*)(-?)/g, (_, run: string, end: string) => {
    if (end === '' || !/^[A-Za-z0-9+,]*$/.test(run)) whole = false;
    if (run === '' || !whole) return '&';
    const octets = Buffer.from(run.replaceAll(',', '/'), 'base64');
    return octets
      .subarray(0, octets.length & ~1)
      .swap16()
      .toString('utf16le');
  });
  return whole && name.isWellFormed() && encodeModifiedUtf7(name) === encoded ? name : undefined;
}

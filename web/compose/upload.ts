// Upload with progress, which fetch does not tell.

import { JmapError, type Jmap, type Uploaded } from '../jmap/client.ts';

export function upload(
  jmap: Jmap,
  accountId: string,
  file: Blob,
  { signal, onProgress }: { signal: AbortSignal; onProgress(done: number): void },
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${jmap.base}/jmap/upload/${encodeURIComponent(accountId)}/`);
    request.setRequestHeader('x-requested-with', 'Homing');
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response as Uploaded);
      const detail = (request.response as { detail?: string } | null)?.detail;
      reject(new JmapError('upload', detail ?? 'It could not be uploaded.'));
    };
    request.onerror = () => reject(new JmapError('network', 'The server does not answer.'));
    request.onabort = () => reject(new JmapError('aborted'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

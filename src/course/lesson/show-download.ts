import type { DownloadProgress } from '../../files/hub';
import { newLiveDisplay } from '../../jupyter';

const WIDTH = 30;
const MB = 1e6;

/**
 * Makes an `onProgress` that draws one line below the cell: the file, a bar, megabytes and speed. It
 * shows nothing unless something is fetched.
 */
export function showDownload(): (progress: DownloadProgress) => void {
  const line = newLiveDisplay();
  let started = { file: '', bytes: 0, at: 0 };
  return (progress) => {
    const { file, loadedBytes, totalBytes } = progress;
    if (file !== started.file) started = { file, bytes: loadedBytes, at: performance.now() };
    const seconds = (performance.now() - started.at) / 1000;
    const draw = () => ({
      'text/plain': downloadLine(progress, (loadedBytes - started.bytes) / seconds),
    });
    if (loadedBytes < totalBytes) line.update(draw);
    else line.end(draw());
  };
}

/** Writes the line. @param speed in bytes per second */
export function downloadLine(
  { file, loadedBytes, totalBytes }: DownloadProgress,
  speed: number,
): string {
  const filled = totalBytes > 0 ? Math.floor((WIDTH * loadedBytes) / totalBytes) : WIDTH;
  const bar = '█'.repeat(filled).padEnd(WIDTH, '░');
  const [loaded, total] = [loadedBytes, totalBytes].map((bytes) => (bytes / MB).toFixed(1));
  const rate = Number.isFinite(speed) ? `, ${(speed / MB).toFixed(1)} MB/s` : '';
  return `${file} ${bar} ${loaded} of ${total} MB${rate}`;
}

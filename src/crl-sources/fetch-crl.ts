// One list from wherever an allowed URL leads.
import type { CrlPlaces, CrlUrl } from '../core/x509/crl-url.ts';
import { fetchFile } from './fetch-file.ts';
import { fetchHttp } from './fetch-http.ts';
import type { Fetched, FetchLimits } from './fetched.ts';

/** The bytes behind the URL, or why there are none. Never rejects. */
export function fetchCrl(url: CrlUrl, places: CrlPlaces, limits: FetchLimits): Promise<Fetched> {
  switch (url.kind) {
    case 'http':
      return fetchHttp(url, places, limits);
    case 'file':
      return fetchFile(url, places, limits);
  }
}

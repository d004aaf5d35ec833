/** What the script, the page and the hub hand each other. */

interface Settings {
  way: 'hub' | 'github';
  hub: string;
  repository: string;
}

interface Problem {
  isProblem: true;
  title: string;
  detail: string;
  hint: string;
  status: number;
}

type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem };

interface Session {
  session: string;
  key: string;
  email: string;
}

interface HttpAnswer {
  status: number;
  json: any;
  headers: object;
}

interface Submitted {
  way: 'hub' | 'github';
  id: string;
  address: string;
}

/** As the hub tells it (docs/hub.md, 5), or the workflow's answer in the sheet. */
interface Submission {
  id: string;
  state: string;
  title: string;
  author: string;
  created_at: string;
  [more: string]: any;
}

interface SheetProblem {
  severity: 'error' | 'warning';
  cell: string;
  message: string;
  hint: string;
}

interface TabKind {
  kind: string;
  titles: string[];
  keys: string[];
  optional: string[];
  computed: string[];
}

interface TableRow {
  row: number;
  values: unknown[];
  formulas: string[];
}

interface Table extends TabKind {
  tab: string;
  columns: string[];
  rows: TableRow[];
}

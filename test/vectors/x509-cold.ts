// The first answer of a process to one public X.509 record, as a program: `x509-cold.ts ID` writes the milliseconds of
// processor time that it took, compiling included.
import { x509Validate } from '../judge/x509-validate.ts';
import { recordsOf, suites } from './x509-records.ts';

const [, , wanted] = process.argv;
const record = suites.flatMap((suite) => recordsOf(suite)).find(({ id }) => id === wanted);
if (!record) throw new Error(`no record \`${wanted}\``);
const before = process.cpuUsage();
x509Validate(record, { profile: 'generic', crl: 'soft' });
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000));

// A program of its own, run by sdk-v3.test.ts: AWS SDK for JavaScript v3 on a machine whose clock is an hour off. The
// clock is moved in this process only, so that the server's stays right.
const hour = 3_600_000;
const TrueDate = Date;

function shiftClock(milliseconds: number): void {
  const shiftedNow = () => TrueDate.now() + milliseconds;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given),
    get: (target, name) => (name === 'now' ? shiftedNow : Reflect.get(target, name)),
  });
}

const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');

async function identity(shift: number) {
  shiftClock(shift);
  const client = new STSClient({ maxAttempts: 3 });
  const { Account: account, $metadata } = await client.send(new GetCallerIdentityCommand({}));
  const next = await client.send(new GetCallerIdentityCommand({}));
  client.destroy();
  return { account, attempts: $metadata.attempts, next: next.$metadata.attempts };
}

async function uncorrected() {
  shiftClock(-hour);
  const client = new STSClient({ maxAttempts: 1 });
  const name = await client.send(new GetCallerIdentityCommand({})).then(
    () => 'accepted',
    (error) => error.name,
  );
  client.destroy();
  return name;
}

const told = { behind: await identity(-hour), ahead: await identity(hour), uncorrected: await uncorrected() };
process.stdout.write(JSON.stringify(told));

export {};

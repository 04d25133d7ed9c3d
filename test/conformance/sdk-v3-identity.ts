// Who a program is that uses SDK v3 and says nothing of credentials: by the SDK's own chain, from the environment.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const sts = new STSClient({});
const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
sts.destroy();
process.stdout.write(Arn ?? '');

"""The endpoint of CreateSession by the SDKs' own rules, for every Region that they know and some that they do not."""
import itertools
import json
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

session = botocore.session.get_session()
loader = session.get_component("data_loader")
partitions = loader.load_data("partitions")
provider = EndpointProvider(loader.load_service_model("rolesanywhere", "endpoint-rule-set-1"), partitions)


def resolved(parameters):
    try:
        return provider.resolve_endpoint(**parameters).url
    except EndpointProviderError as error:
        return f"refused: {error}"


rows = []
unknown = json.load(sys.stdin)["unknown"]
for partition in partitions["partitions"]:
    regions = [name for name in partition["regions"] if not name.endswith("-global")]
    for region in regions + unknown.get(partition["id"], []):
        for fips, dual, custom in itertools.product((False, True), (False, True), (None, "https://custom.example")):
            parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
            if custom:
                parameters["Endpoint"] = custom
            rows.append([partition["id"], region, fips, dual, custom, resolved(parameters)])
json.dump(rows, sys.stdout)

"""The documents of a YAML text as JSON, read by a parser that is not ours."""
import json
import sys

import yaml

json.dump(list(yaml.safe_load_all(json.load(sys.stdin)["text"])), sys.stdout)

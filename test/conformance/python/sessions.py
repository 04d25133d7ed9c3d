"""CreateSession as AWS documents it, signed with nothing but `cryptography`.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

import base64
import datetime
import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def base64_der(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def raw_signature(key, message):
    if isinstance(key, rsa.RSAPrivateKey):
        return "AWS4-X509-RSA-SHA256", key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return "AWS4-X509-ECDSA-SHA256", key.sign(message, ec.ECDSA(hashes.SHA256()))


def algorithm_of(key):
    return raw_signature(key, b"")[0]


def create_session(asked, *, query=False, bend=None):
    """The status and the JSON of the answer. With `query` the ARNs travel in the query string, as AWS's helper sends them;
    `bend` changes the body after it was signed."""
    certificate = x509.load_pem_x509_certificate(read(asked["certificatePath"]))
    key = serialization.load_pem_private_key(read(asked["privateKeyPath"]), password=None)
    arns = {name: asked[name] for name in ("profileArn", "roleArn", "trustAnchorArn")}
    content = {name: asked[name] for name in ("durationSeconds", "instanceProperties") if name in asked}
    parameters = sorted(arns.items()) if query else []
    canonical_query = "&".join(f"{name}={urllib.parse.quote(value, safe='-_.~')}" for name, value in parameters)
    body = json.dumps(content if query else {**content, **arns}).encode()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/json",
        "host": urllib.parse.urlsplit(ENDPOINT).netloc,
        "x-amz-date": now,
        "x-amz-x509": base64_der(certificate),
    }
    if asked.get("chainPem"):
        intermediates = x509.load_pem_x509_certificates(asked["chainPem"].encode())
        headers["x-amz-x509-chain"] = ",".join(base64_der(one) for one in intermediates)
    signed = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            "POST",
            "/sessions",
            canonical_query,
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{now[:8]}/{REGION}/rolesanywhere/aws4_request"
    to_sign = "\n".join([algorithm_of(key), now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    algorithm, signature = raw_signature(key, to_sign.encode())
    headers["authorization"] = (
        f"{algorithm} Credential={certificate.serial_number}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature.hex()}"
    )
    url = f"{ENDPOINT}/sessions" + (f"?{canonical_query}" if canonical_query else "")
    request = urllib.request.Request(url, data=bend(body) if bend else body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return {"status": answer.status, "answer": json.load(answer)}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "code": error.headers["x-amzn-errortype"], "answer": json.load(error)}

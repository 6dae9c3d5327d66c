"""Starts moto's server, with the defects of moto 5.2.5 mended that would keep it from being asked at all."""

import sys

import xmltodict
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint
from moto.elbv2.models import FakeListener
from moto.kms import responses as kms
from moto.rds.models import DBCluster
from moto.s3.responses import S3Response
from moto.server import main

# DescribeVpcEndpoints knows few of its filters and ends in HTTP 500 at the others.
filter_value = VPCEndPoint.get_filter_value
VPCEndPoint.get_filter_value = lambda self, name, method=None: (
    {"vpc-endpoint-id": self.id, "vpc-id": self.vpc_id, "service-name": self.service_name}.get(name)
    or filter_value(self, name, method)
)

# GetBucketVersioning answers with an element that isn't that of the S3 API reference; ListBuckets leaves out the region, which AWS
# gives where any parameter was sent; CreateBucket forgets the tags of its configuration.
serialized = S3Response.serialized


def mended(self, result):
    status, headers, body = serialized(self, result)
    action = self.data.get("Action")
    if action == "GetBucketVersioning":
        body = body.replace("GetBucketVersioningResponse", "VersioningConfiguration")
    if action == "ListBuckets":
        region = f"<BucketRegion>{self.region}</BucketRegion></Bucket>"
        body = body.replace("</Bucket>", region)
    if action == "CreateBucket" and self.body:
        configuration = xmltodict.parse(self.body, force_list=("Tag",))["CreateBucketConfiguration"]
        tags = (configuration.get("Tags") or {}).get("Tag", [])
        self.backend.put_bucket_tagging(self.bucket_name, {tag["Key"]: tag["Value"] for tag in tags})
    return status, headers, body


S3Response.serialized = mended

# DescribeSecurityGroupRules shows the descriptions of addresses only, although those of groups are kept.
SecurityGroupRule.description = property(
    lambda self: self.ip_range.get("Description") or self.source_group.get("Description")
)

# A listener without TLS has no policy for it; moto gives it the default one.
listener = FakeListener.__init__


def new_listener(self, *args, **kwargs):
    listener(self, *args, **kwargs)
    if self.protocol == "HTTP":
        self.ssl_policy = None


FakeListener.__init__ = new_listener

# GetKeyPolicy and PutKeyPolicy: the policy's name is optional (KMS API reference).
default_policy = kms._assert_default_policy
kms._assert_default_policy = lambda name: default_policy(name or "default")

# A function's log group is forgotten (Lambda API reference, LoggingConfig).
function, configuration, update = (
    LambdaFunction.__init__,
    LambdaFunction.get_configuration,
    LambdaFunction.update_configuration,
)


def new_function(self, account_id, spec, *args, **kwargs):
    self.logging = spec.get("LoggingConfig")
    function(self, account_id, spec, *args, **kwargs)


def shown(self, *args, **kwargs):
    answer = configuration(self, *args, **kwargs)
    if self.logging:
        answer["LoggingConfig"] = self.logging
    return answer


def updated(self, spec):
    self.logging = spec.get("LoggingConfig", self.logging)
    return update(self, spec)


LambdaFunction.__init__ = new_function
LambdaFunction.get_configuration = shown
LambdaFunction.update_configuration = updated

# The Data API is known for the first generation of Aurora Serverless only.
DBCluster.enable_http_endpoint = property(
    lambda self: self._enable_http_endpoint,
    lambda self, value: setattr(self, "_enable_http_endpoint", bool(value)),
)

# Functions would run in Docker. Nothing is rotated here, only told to be.
LambdaBackend.invoke = lambda self, *args, **kwargs: b""

sys.exit(main())

"""Starts moto's server, with the defects of moto 5.2.5 mended that would keep it from being asked at all."""

import sys

from moto.ec2.models.vpcs import VPCEndPoint
from moto.s3.responses import S3Response
from moto.server import main

# DescribeVpcEndpoints knows few of its filters and ends in HTTP 500 at the others.
filter_value = VPCEndPoint.get_filter_value
VPCEndPoint.get_filter_value = lambda self, name, method=None: (
    {"vpc-endpoint-id": self.id, "vpc-id": self.vpc_id, "service-name": self.service_name}.get(name)
    or filter_value(self, name, method)
)

# GetBucketVersioning answers with an element that isn't that of the S3 API reference.
versioning = S3Response.get_bucket_versioning


def get_bucket_versioning(self):
    status, headers, body = versioning(self)
    return status, headers, body.replace("GetBucketVersioningResponse", "VersioningConfiguration")


S3Response.get_bucket_versioning = get_bucket_versioning

sys.exit(main())

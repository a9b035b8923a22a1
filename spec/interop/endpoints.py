# SPDX-License-Identifier: MIT
"""What botocore makes of the endpoint rule sets: a line of service, region, flags, URL, region signed for."""
import itertools

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import create_loader

SERVICES = ["ecr", "ecr-public", "sts", "sso", "sso-oidc", "signin"]
UNKNOWN = ["us-east-9", "cn-south-1", "us-gov-north-1", "us-isob-north-12", "eusc-de-west-2", "eusc-fr-west-1",
           "mars-north-1", "us-iso-east", "cn-north-1x", "xx"]
FLAGS = {"fips": "UseFIPS", "dualstack": "UseDualStack", "legacy": "UseGlobalEndpoint"}


def signed_for(made, region):
    schemes = made.properties.get("authSchemes") or [{}]
    return schemes[0].get("signingRegion") or region


def line(provider, service, region, flags):
    given = {FLAGS[flag]: True for flag in flags}
    try:
        made = provider.resolve_endpoint(Region=region, **given)
        answer = made.url, signed_for(made, region)
    except EndpointProviderError:
        answer = "-", "-"
    return "\t".join([service, region, " ".join(flags), *answer])


def main():
    loader = create_loader()
    partitions = loader.load_data("partitions")
    listed = [region for partition in partitions["partitions"] for region in partition["regions"]]
    regions = [region for region in listed if not region.endswith("-global")]  # refused: no such hosts
    for service in SERVICES:
        names = ["fips", "dualstack"] + (["legacy"] if service == "sts" else [])
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
        for region in regions + UNKNOWN:
            for count in range(len(names) + 1):
                for flags in itertools.combinations(names, count):
                    print(line(provider, service, region, flags))


main()

/* SPDX-License-Identifier: MIT */
/* Settings by name: those of the "AWS SDKs and Tools" reference and of the AWS CLI. */
#include "setting.h"

#include <string.h>

static const char *const harmless[] = {
    "account_id_endpoint_mode",
    "api_versions",
    "aws_access_key_id",
    "aws_account_id",
    "ca_bundle",
    "cli_auto_prompt",
    "cli_history",
    "cli_pager",
    "cli_timestamp_format",
    "credential_process",
    "credential_source",
    "defaults_mode",
    "disable_request_compression",
    "duration_seconds",
    "ec2_instance_profile_name",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "endpoint_url",
    "external_id",
    "ignore_configured_endpoint_urls",
    "login_session",
    "max_attempts",
    "metadata_service_num_attempts",
    "metadata_service_timeout",
    "mfa_serial",
    "output",
    "parameter_validation",
    "region",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retry_mode",
    "role_arn",
    "role_session_name",
    "sdk_ua_app_id",
    "services",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_registration_scopes",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "sts_regional_endpoints",
    "tcp_keepalive",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "web_identity_token_file",
};

bool ecr_setting_is_harmless(const char *key, size_t len)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strlen(harmless[i]) == len && memcmp(harmless[i], key, len) == 0)
            return true;
    return false;
}

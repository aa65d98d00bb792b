# SPDX-License-Identifier: Apache-2.0
"""Gitleaks rules into keysieve rules: see tools/import_gitleaks.py."""

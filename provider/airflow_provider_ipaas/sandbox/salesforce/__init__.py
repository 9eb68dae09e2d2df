"""A strict emulator of Salesforce REST API v64 for Account and Contact."""

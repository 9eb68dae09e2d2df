"""A strict stand-in for the iPaaS.com API: sso, customers and subscriptions."""

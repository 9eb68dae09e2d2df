"""The iPaaS.com client: password login or API key, paging, external ids, typed errors."""

"""The built-in cohort: simulated CT scans of patients with liver lesions."""
